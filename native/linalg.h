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

// The complex x (n) of least norm among those of least |A·x − b|, A being m×n. Singular values
// below rcond times the greatest count as zero.
std::vector<double> ComplexLeastSquares(const double* a, int m, int n, const double* b,
                                        double rcond);

}  // namespace glocal::linalg
