// The decompositions themselves, by LAPACK. A library of its own, so that it is linked once.
#pragma once

#include <complex>
#include <cstdint>

#define MOCK_SHARED __attribute__((visibility("default")))

namespace mock {

// All matrices are column-major. The result is LAPACK's info.

template <class T>
struct RealOf {
  using Type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
  using Type = T;
};
template <class T>
using Real = typename RealOf<T>::Type;

template <class T>
MOCK_SHARED int SingularValues(char job_u, char job_vt, int m, int n, T* a, int lda, Real<T>* s,
                               T* u, int ldu, T* vt, int ldvt);

// Eigenvalues as real and imaginary parts; eigenvectors packed as LAPACK does, if `vr` is not null.
template <class T>
MOCK_SHARED int Eigen(int n, T* a, int lda, T* wr, T* wi, T* vr, int ldvr);

template <class T>
MOCK_SHARED int Qr(int m, int n, T* a, int lda, T* tau);

MOCK_SHARED int FormQ(int m, int n, int k, double* a, int lda, const double* tau);

}  // namespace mock
