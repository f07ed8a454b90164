// Dense linear algebra in float64 through LAPACK. Matrices are column-major; complex numbers are
// pairs of doubles. Never part of a differentiated program.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace glocal::linalg {

// A LAPACK routine gave up.
class LapackError : public std::runtime_error {
 public:
  LapackError(const std::string& routine, int info);
};

// op(A) · B (m×n) with k terms in each sum; op(A) is Aᵀ when `transposed`. Into `c`.
void Multiply(const double* a, const double* b, int m, int k, int n, bool transposed, double* c);

// A = U · diag(s) · Vᵀ with k = min(m, n): u is m×k, vt is k×n, s descends.
struct Svd {
  std::vector<double> u, s, vt;
};
Svd ThinSvd(const double* a, int m, int n);

// A = Q · R with k = min(m, n): q is m×k with orthonormal columns, r is k×n and zero below its
// diagonal.
struct Qr {
  std::vector<double> q, r;
};
Qr ThinQr(const double* a, int m, int n);

// Eigenvalues (n complex numbers) and right eigenvectors of unit length (n×n complex).
struct Eigen {
  std::vector<double> values, vectors;
};
Eigen RightEigenvectors(const double* a, int n);

// The same three of complex matrices: A = U · diag(s) · Vᴴ, A = Q · R.
Svd ComplexThinSvd(const double* a, int m, int n);
Qr ComplexThinQr(const double* a, int m, int n);
Eigen ComplexRightEigenvectors(const double* a, int n);

// A = Z · T · Zᴴ, all complex and n×n: T is upper triangular, Z unitary.
struct Schur {
  std::vector<double> t, z;
};
Schur ComplexSchur(const double* a, int n);
// The diagonal entries that were at order[0], order[1], … come to the top, in that order, which
// names each of the n positions once.
Schur ReorderedSchur(Schur schur, int n, const std::vector<int>& order);

// The complex X (m×n) with A·X − X·B = C, A (m×m) and B (n×n) upper triangular.
std::vector<double> TriangularSylvester(const double* a, int m, const double* b, int n,
                                        const double* c);

// The complex X (n×sides) of least norm among those of least |A·X − B|, A being m×n. Singular
// values below rcond times the greatest count as zero.
std::vector<double> ComplexLeastSquares(const double* a, int m, int n, const double* b, int sides,
                                        double rcond);

}  // namespace glocal::linalg
