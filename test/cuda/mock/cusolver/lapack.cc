#include "lapack.h"

#include <algorithm>
#include <cmath>
#include <vector>

// LAPACK's functions, with Fortran's calling convention.
#define MOCK_LAPACK(type, letter)                                                                  \
  void letter##gesvd_(const char*, const char*, const int*, const int*, type*, const int*, type*,  \
                      type*, const int*, type*, const int*, type*, const int*, int*);              \
  void letter##geev_(const char*, const char*, const int*, type*, const int*, type*, type*, type*, \
                     const int*, type*, const int*, type*, const int*, int*);                      \
  void letter##geqrf_(const int*, const int*, type*, const int*, type*, type*, const int*, int*);
extern "C" {
MOCK_LAPACK(float, s)
MOCK_LAPACK(double, d)
void zgesvd_(const char*, const char*, const int*, const int*, std::complex<double>*, const int*,
             double*, std::complex<double>*, const int*, std::complex<double>*, const int*,
             std::complex<double>*, const int*, double*, int*);
void dorgqr_(const int*, const int*, const int*, double*, const int*, const double*, double*,
             const int*, int*);
void openblas_set_num_threads(int);
}

namespace mock {
namespace {

template <class T>
struct Lapack;
template <>
struct Lapack<float> {
  static constexpr auto gesvd = sgesvd_;
  static constexpr auto geev = sgeev_;
  static constexpr auto geqrf = sgeqrf_;
};
template <>
struct Lapack<double> {
  static constexpr auto gesvd = dgesvd_;
  static constexpr auto geev = dgeev_;
  static constexpr auto geqrf = dgeqrf_;
};

// Asks how much workspace is wanted, then calls with that much.
template <class T, class Routine>
int WithWorkspace(Routine routine) {
  openblas_set_num_threads(1);
  int info = 0;
  T wanted = 0;
  const int ask = -1;
  routine(&wanted, &ask, &info);
  const int count = std::max(1, static_cast<int>(std::real(wanted)));
  std::vector<T> work(count);
  routine(work.data(), &count, &info);
  return info;
}

}  // namespace

template <class T>
int SingularValues(char job_u, char job_vt, int m, int n, T* a, int lda, Real<T>* s, T* u, int ldu,
                   T* vt, int ldvt) {
  return WithWorkspace<T>([&](T* work, const int* count, int* info) {
    Lapack<T>::gesvd(&job_u, &job_vt, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, work, count, info);
  });
}

// A matrix with NaN behind it: OpenBLAS's product of a complex matrix and a vector looks a little
// beyond the matrix, and makes nothing of what it finds there.
class Padded {
 public:
  using Complex = std::complex<double>;
  Padded(Complex* data, int leading, int columns)
      : data_(data), size_(static_cast<size_t>(leading) * columns), copy_(data, data + size_) {
    copy_.resize(size_ + 64, {NAN, NAN});
  }
  Complex* get() { return copy_.data(); }
  void WriteBack() const { std::copy_n(copy_.begin(), size_, data_); }

 private:
  Complex* data_;
  size_t size_;
  std::vector<Complex> copy_;
};

template <>
MOCK_SHARED int SingularValues(char job_u, char job_vt, int m, int n, std::complex<double>* a,
                               int lda, double* s, std::complex<double>* u, int ldu,
                               std::complex<double>* vt, int ldvt) {
  std::vector<double> real_work(5 * std::min(m, n));
  Padded a_copy(a, lda, n);
  Padded u_copy(u, ldu, job_u == 'A' ? m : job_u == 'S' ? std::min(m, n) : 0);
  Padded vt_copy(vt, ldvt, job_vt == 'A' || job_vt == 'S' ? n : 0);
  const int failed = WithWorkspace<std::complex<double>>(
      [&](std::complex<double>* work, const int* count, int* info) {
        zgesvd_(&job_u, &job_vt, &m, &n, a_copy.get(), &lda, s, u_copy.get(), &ldu, vt_copy.get(),
                &ldvt, work, count, real_work.data(), info);
      });
  for (const Padded* copy : {&a_copy, &u_copy, &vt_copy}) copy->WriteBack();
  return failed;
}

template <class T>
int Eigen(int n, T* a, int lda, T* wr, T* wi, T* vr, int ldvr) {
  const char none = 'N';
  const char right = vr == nullptr ? 'N' : 'V';
  const int ldvl = 1;
  const int leading = std::max(1, ldvr);
  return WithWorkspace<T>([&](T* work, const int* count, int* info) {
    Lapack<T>::geev(&none, &right, &n, a, &lda, wr, wi, nullptr, &ldvl, vr, &leading, work, count,
                    info);
  });
}

template <class T>
int Qr(int m, int n, T* a, int lda, T* tau) {
  return WithWorkspace<T>([&](T* work, const int* count, int* info) {
    Lapack<T>::geqrf(&m, &n, a, &lda, tau, work, count, info);
  });
}

int FormQ(int m, int n, int k, double* a, int lda, const double* tau) {
  return WithWorkspace<double>([&](double* work, const int* count, int* info) {
    dorgqr_(&m, &n, &k, a, &lda, tau, work, count, info);
  });
}

#define MOCK_INSTANCES(T)                                                           \
  template int SingularValues(char, char, int, int, T*, int, T*, T*, int, T*, int); \
  template int Eigen(int, T*, int, T*, T*, T*, int);                                \
  template int Qr(int, int, T*, int, T*);
MOCK_INSTANCES(float)
MOCK_INSTANCES(double)

}  // namespace mock
