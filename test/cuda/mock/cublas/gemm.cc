#include "gemm.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace mock {
namespace {

float Tf32(float x) {
  if (!std::isfinite(x)) return x;
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits = (bits + 0x1000u) & 0xffffe000u;  // to nearest, ties away from zero
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

template <class T>
T Rounded(T x, bool) {
  return x;
}
template <>
float Rounded(float x, bool tf32) {
  return tf32 ? Tf32(x) : x;
}

template <class T>
T Conjugate(T x) {
  return x;
}
template <>
std::complex<double> Conjugate(std::complex<double> x) {
  return std::conj(x);
}

// op(matrix) as rows × columns, the rows next to each other.
template <class T>
std::vector<T> Packed(Matrix<const T> matrix, Transpose op, int64_t rows, int64_t columns,
                      bool tf32) {
  std::vector<T> packed(rows * columns);
  for (int64_t column = 0; column < columns; ++column) {
    for (int64_t row = 0; row < rows; ++row) {
      const T value = op == Transpose::kNo ? matrix.data[row + column * matrix.leading]
                                           : matrix.data[column + row * matrix.leading];
      packed[row + column * rows] =
          Rounded(op == Transpose::kConjugate ? Conjugate(value) : value, tf32);
    }
  }
  return packed;
}

}  // namespace

template <class T>
void Multiply(const Product<T>& p, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
  const std::vector<T> left = Packed(a, p.op_a, p.m, p.k, p.tf32);
  const std::vector<T> right = Packed(b, p.op_b, p.k, p.n, p.tf32);
  std::vector<T> sums(p.m);
  for (int64_t column = 0; column < p.n; ++column) {
    std::fill(sums.begin(), sums.end(), T(0));
    for (int64_t inner = 0; inner < p.k; ++inner) {
      const T* from = left.data() + inner * p.m;
      const T factor = right[inner + column * p.k];
      for (int64_t row = 0; row < p.m; ++row) sums[row] += from[row] * factor;
    }
    T* to = c.data + column * c.leading;
    for (int64_t row = 0; row < p.m; ++row) {
      to[row] = p.beta == T(0) ? p.alpha * sums[row] : p.alpha * sums[row] + p.beta * to[row];
    }
  }
}

template void Multiply(const Product<float>&, Matrix<const float>, Matrix<const float>,
                       Matrix<float>);
template void Multiply(const Product<double>&, Matrix<const double>, Matrix<const double>,
                       Matrix<double>);
template void Multiply(const Product<std::complex<double>>&, Matrix<const std::complex<double>>,
                       Matrix<const std::complex<double>>, Matrix<std::complex<double>>);

}  // namespace mock
