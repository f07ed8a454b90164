// Column-major matrix products in plain C++, summed in the order of k.
#pragma once

#include <complex>
#include <cstdint>

namespace mock {

enum class Transpose { kNo, kYes, kConjugate };

template <class T>
struct Matrix {
  T* data;
  int64_t leading;
};

template <class T>
struct Product {
  Transpose op_a, op_b;
  int64_t m, n, k;
  T alpha, beta;
  bool tf32;  // rounds the operands to 10 bits of mantissa
};

// c = alpha · op(a) · op(b) + beta · c. With beta 0 c is not read.
template <class T>
void Multiply(const Product<T>& product, Matrix<const T> a, Matrix<const T> b, Matrix<T> c);

extern template void Multiply(const Product<float>&, Matrix<const float>, Matrix<const float>,
                              Matrix<float>);
extern template void Multiply(const Product<double>&, Matrix<const double>, Matrix<const double>,
                              Matrix<double>);
extern template void Multiply(const Product<std::complex<double>>&,
                              Matrix<const std::complex<double>>,
                              Matrix<const std::complex<double>>, Matrix<std::complex<double>>);

}  // namespace mock
