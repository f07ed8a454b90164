// libcusolver: eigenvalues of a general matrix. Libraries before CUDA 12.6 do not have these.
#include <complex>
#include <vector>

#include "call.h"
#include "lapack.h"

namespace mock {
namespace {

struct Eig {
  int job_vl, job_vr;
  int64_t n;
  int type_a, type_w, type_vl, type_vr, compute;
  int64_t lda, ldvl, ldvr;
};

// cuSOLVER's documentation allows: everything of one type (then real W has 2n numbers, first the
// real parts), or A real and W complex of the same precision. Left eigenvectors are not supported.
// The mock has only real A.
int CheckShape(const char* name, const Eig& x) {
  if (x.job_vl != 0) {
    Problem("%s: left eigenvectors are not supported", name);
    return kSolverInvalidValue;
  }
  if (x.n < 1 || x.lda < x.n || x.ldvl < 1 || x.ldvr < (x.job_vr == 0 ? 1 : x.n)) {
    Problem("%s: expected n >= 1, lda and ldvr >= n, ldvl >= 1", name);
    return kSolverInvalidValue;
  }
  if (x.type_a != kReal32 && x.type_a != kReal64) return kSolverNotSupported;
  const int complex_of_a = x.type_a == kReal32 ? kComplex32 : kComplex64;
  const bool good = (x.type_w == x.type_a || x.type_w == complex_of_a) && x.type_vl == x.type_a &&
                    x.type_vr == x.type_a && x.compute == x.type_a;
  return good ? kSolverOk : kSolverNotSupported;
}

Buffers Wanted(const Eig& x) {
  const size_t element = x.type_a == kReal32 ? 4 : 8;
  const size_t n = static_cast<size_t>(x.n);
  return {element * (3 * n * n + 8 * n), element * (n * n + 2 * n)};
}

template <class T>
int Run(const char* name, void* stream, const Eig& x, void* a, void* w, void* vr,
        const GivenBuffers& given, int* info) {
  if (!MatrixFits(name, a, x.n, x.n, x.lda, sizeof(T)) ||
      !MatrixFits(name, w, 2 * x.n, 1, 2 * x.n, sizeof(T)) ||
      (x.job_vr != 0 && !MatrixFits(name, vr, x.n, x.n, x.ldvr, sizeof(T)))) {
    return kSolverInvalidValue;
  }
  return SolverRun(name, stream, info, [&] {
    Scribble(given);
    std::vector<T> parts(2 * x.n);
    T* real = parts.data();
    T* imaginary = real + x.n;
    const int failed = Eigen<T>(static_cast<int>(x.n), static_cast<T*>(a), static_cast<int>(x.lda),
                                real, imaginary, x.job_vr == 0 ? nullptr : static_cast<T*>(vr),
                                static_cast<int>(x.ldvr));
    T* values = static_cast<T*>(w);
    const bool pairs = x.type_w != x.type_a;
    for (int64_t i = 0; i < x.n; ++i) {
      values[pairs ? 2 * i : i] = real[i];
      values[pairs ? 2 * i + 1 : x.n + i] = imaginary[i];
    }
    return failed;
  });
}

}  // namespace
}  // namespace mock

MOCK_API int cusolverDnXgeev_bufferSize(void* handle, void* /*params*/, int job_vl, int job_vr,
                                        int64_t n, int type_a, const void* /*a*/, int64_t lda,
                                        int type_w, const void* /*w*/, int type_vl,
                                        const void* /*vl*/, int64_t ldvl, int type_vr,
                                        const void* /*vr*/, int64_t ldvr, int compute,
                                        size_t* device_bytes, size_t* host_bytes) {
  const char* name = "cusolverDnXgeev_bufferSize";
  return mock::SolverCall(name, handle, [&](void*, mock::LogLine& line) {
    const mock::Eig x{job_vl,  job_vr,  n,   type_a, type_w, type_vl,
                      type_vr, compute, lda, ldvl,   ldvr};
    line.Add("n", n);
    if (const int wrong = mock::CheckShape(name, x)) return wrong;
    const mock::Buffers wanted = mock::Wanted(x);
    *device_bytes = wanted.device;
    *host_bytes = wanted.host;
    return int{mock::kSolverOk};
  });
}

MOCK_API int cusolverDnXgeev(void* handle, void* /*params*/, int job_vl, int job_vr, int64_t n,
                             int type_a, void* a, int64_t lda, int type_w, void* w, int type_vl,
                             void* /*vl*/, int64_t ldvl, int type_vr, void* vr, int64_t ldvr,
                             int compute, void* on_device, size_t device_bytes, void* on_host,
                             size_t host_bytes, int* info) {
  const char* name = "cusolverDnXgeev";
  return mock::SolverCall(name, handle, [&](void* stream, mock::LogLine& line) {
    const mock::Eig x{job_vl,  job_vr,  n,   type_a, type_w, type_vl,
                      type_vr, compute, lda, ldvl,   ldvr};
    line.Add("n", n).Add("type", type_a);
    if (const int wrong = mock::CheckShape(name, x)) return wrong;
    const mock::GivenBuffers given{on_device, device_bytes, on_host, host_bytes};
    if (!mock::BuffersSuffice(name, given, mock::Wanted(x))) return int{mock::kSolverInvalidValue};
    return type_a == mock::kReal32 ? mock::Run<float>(name, stream, x, a, w, vr, given, info)
                                   : mock::Run<double>(name, stream, x, a, w, vr, given, info);
  });
}
