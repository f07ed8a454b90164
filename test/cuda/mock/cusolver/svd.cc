// libcusolver: singular values.
#include <algorithm>
#include <complex>

#include "call.h"
#include "lapack.h"

namespace mock {
namespace {

struct Svd {
  signed char job_u, job_vt;
  int64_t m, n;
  int type_a, type_s, type_u, type_vt, compute;
  int64_t lda, ldu, ldvt;
};

bool IsJob(signed char job) { return job == 'A' || job == 'S' || job == 'O' || job == 'N'; }

// All five types are the same, but for the values of a complex matrix, which are real. Of the
// complex types the mock has only complex128.
int CheckShape(const char* name, const Svd& x) {
  if (!IsJob(x.job_u) || !IsJob(x.job_vt) || (x.job_u == 'O' && x.job_vt == 'O')) {
    return kSolverInvalidValue;
  }
  if (x.m < x.n || x.n < 1) {
    Problem("%s: expected m >= n >= 1, got m = %lld and n = %lld", name,
            static_cast<long long>(x.m), static_cast<long long>(x.n));
    return kSolverInvalidValue;
  }
  const bool known = x.type_a == kReal32 || x.type_a == kReal64 || x.type_a == kComplex64;
  const int type_s = x.type_a == kComplex64 ? int{kReal64} : x.type_a;
  const bool fits =
      x.type_s == type_s && x.type_a == x.type_u && x.type_a == x.type_vt && x.type_a == x.compute;
  if (!fits || !known) return kSolverNotSupported;
  if (x.lda < x.m) return kSolverInvalidValue;
  return kSolverOk;
}

Buffers Wanted(const Svd& x) {
  const size_t element = x.type_a == kReal32 ? 4 : x.type_a == kReal64 ? 8 : 16;
  return {element * static_cast<size_t>(x.n * x.n + 5 * x.n + x.m), 0};
}

template <class T>
int Run(const char* name, void* stream, const Svd& x, void* a, void* s, void* u, void* vt,
        const GivenBuffers& given, int* info) {
  const int64_t columns_u = x.job_u == 'A' ? x.m : x.n;
  const bool wants_u = x.job_u == 'A' || x.job_u == 'S';
  const bool wants_vt = x.job_vt == 'A' || x.job_vt == 'S';
  if (!MatrixFits(name, a, x.m, x.n, x.lda, sizeof(T)) ||
      !MatrixFits(name, s, x.n, 1, x.n, sizeof(Real<T>)) ||
      (wants_u && !MatrixFits(name, u, x.m, columns_u, x.ldu, sizeof(T))) ||
      (wants_vt && !MatrixFits(name, vt, x.n, x.n, x.ldvt, sizeof(T)))) {
    return kSolverInvalidValue;
  }
  return SolverRun(name, stream, info, [&] {
    Scribble(given);
    return SingularValues<T>(x.job_u, x.job_vt, static_cast<int>(x.m), static_cast<int>(x.n),
                             static_cast<T*>(a), static_cast<int>(x.lda), static_cast<Real<T>*>(s),
                             static_cast<T*>(u), static_cast<int>(std::max<int64_t>(1, x.ldu)),
                             static_cast<T*>(vt), static_cast<int>(std::max<int64_t>(1, x.ldvt)));
  });
}

}  // namespace
}  // namespace mock

MOCK_API int cusolverDnXgesvd_bufferSize(void* handle, void* /*params*/, signed char job_u,
                                         signed char job_vt, int64_t m, int64_t n, int type_a,
                                         const void* /*a*/, int64_t lda, int type_s,
                                         const void* /*s*/, int type_u, const void* /*u*/,
                                         int64_t ldu, int type_vt, const void* /*vt*/, int64_t ldvt,
                                         int compute, size_t* device_bytes, size_t* host_bytes) {
  const char* name = "cusolverDnXgesvd_bufferSize";
  return mock::SolverCall(name, handle, [&](void*, mock::LogLine& line) {
    const mock::Svd x{job_u,  job_vt,  m,       n,   type_a, type_s,
                      type_u, type_vt, compute, lda, ldu,    ldvt};
    line.Add("m", m).Add("n", n);
    if (const int wrong = mock::CheckShape(name, x)) return wrong;
    const mock::Buffers wanted = mock::Wanted(x);
    *device_bytes = wanted.device;
    *host_bytes = wanted.host;
    return int{mock::kSolverOk};
  });
}

MOCK_API int cusolverDnXgesvd(void* handle, void* /*params*/, signed char job_u, signed char job_vt,
                              int64_t m, int64_t n, int type_a, void* a, int64_t lda, int type_s,
                              void* s, int type_u, void* u, int64_t ldu, int type_vt, void* vt,
                              int64_t ldvt, int compute, void* on_device, size_t device_bytes,
                              void* on_host, size_t host_bytes, int* info) {
  const char* name = "cusolverDnXgesvd";
  return mock::SolverCall(name, handle, [&](void* stream, mock::LogLine& line) {
    const mock::Svd x{job_u,  job_vt,  m,       n,   type_a, type_s,
                      type_u, type_vt, compute, lda, ldu,    ldvt};
    line.Add("m", m).Add("n", n).Add("type", type_a);
    if (const int wrong = mock::CheckShape(name, x)) return wrong;
    const mock::GivenBuffers given{on_device, device_bytes, on_host, host_bytes};
    if (!mock::BuffersSuffice(name, given, mock::Wanted(x))) return int{mock::kSolverInvalidValue};
    switch (type_a) {
      case mock::kReal32:
        return mock::Run<float>(name, stream, x, a, s, u, vt, given, info);
      case mock::kReal64:
        return mock::Run<double>(name, stream, x, a, s, u, vt, given, info);
      default:
        return mock::Run<std::complex<double>>(name, stream, x, a, s, u, vt, given, info);
    }
  });
}
