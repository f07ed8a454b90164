// libcusolver: QR decomposition and the orthogonal factor.
#include <algorithm>

#include "call.h"
#include "lapack.h"

namespace mock {
namespace {

int CheckQr(int64_t m, int64_t n, int64_t lda, int type_a, int type_tau, int compute) {
  if (m < 0 || n < 0 || lda < std::max<int64_t>(1, m)) return kSolverInvalidValue;
  if (type_a != type_tau || type_a != compute) return kSolverNotSupported;
  return type_a == kReal32 || type_a == kReal64 ? kSolverOk : kSolverNotSupported;
}

Buffers WantedForQr(int64_t n, int type) {
  return {static_cast<size_t>(std::max<int64_t>(1, n) * 32) * (type == kReal32 ? 4 : 8), 0};
}

template <class T>
int RunQr(const char* name, void* stream, int64_t m, int64_t n, void* a, int64_t lda, void* tau,
          const GivenBuffers& given, int* info) {
  const int64_t reflectors = std::min(m, n);
  if (!MatrixFits(name, a, m, n, lda, sizeof(T)) ||
      !MatrixFits(name, tau, reflectors, 1, std::max<int64_t>(1, reflectors), sizeof(T))) {
    return kSolverInvalidValue;
  }
  return SolverRun(name, stream, info, [&] {
    Scribble(given);
    return Qr<T>(static_cast<int>(m), static_cast<int>(n), static_cast<T*>(a),
                 static_cast<int>(lda), static_cast<T*>(tau));
  });
}

bool IsShapeOfQ(int m, int n, int k, int lda) {
  return n >= 0 && m >= n && k >= 0 && k <= n && lda >= std::max(1, m);
}

int WantedForQ(int n) { return std::max(1, n) * 32; }

}  // namespace
}  // namespace mock

MOCK_API int cusolverDnXgeqrf_bufferSize(void* handle, void* /*params*/, int64_t m, int64_t n,
                                         int type_a, const void* /*a*/, int64_t lda, int type_tau,
                                         const void* /*tau*/, int compute, size_t* device_bytes,
                                         size_t* host_bytes) {
  const char* name = "cusolverDnXgeqrf_bufferSize";
  return mock::SolverCall(name, handle, [&](void*, mock::LogLine& line) {
    line.Add("m", m).Add("n", n);
    if (const int wrong = mock::CheckQr(m, n, lda, type_a, type_tau, compute)) return wrong;
    const mock::Buffers wanted = mock::WantedForQr(n, type_a);
    *device_bytes = wanted.device;
    *host_bytes = wanted.host;
    return int{mock::kSolverOk};
  });
}

MOCK_API int cusolverDnXgeqrf(void* handle, void* /*params*/, int64_t m, int64_t n, int type_a,
                              void* a, int64_t lda, int type_tau, void* tau, int compute,
                              void* on_device, size_t device_bytes, void* on_host,
                              size_t host_bytes, int* info) {
  const char* name = "cusolverDnXgeqrf";
  return mock::SolverCall(name, handle, [&](void* stream, mock::LogLine& line) {
    line.Add("m", m).Add("n", n).Add("type", type_a);
    if (const int wrong = mock::CheckQr(m, n, lda, type_a, type_tau, compute)) return wrong;
    const mock::GivenBuffers given{on_device, device_bytes, on_host, host_bytes};
    if (!mock::BuffersSuffice(name, given, mock::WantedForQr(n, type_a))) {
      return int{mock::kSolverInvalidValue};
    }
    return type_a == mock::kReal32
               ? mock::RunQr<float>(name, stream, m, n, a, lda, tau, given, info)
               : mock::RunQr<double>(name, stream, m, n, a, lda, tau, given, info);
  });
}

MOCK_API int cusolverDnDorgqr_bufferSize(void* handle, int m, int n, int k, const double* /*a*/,
                                         int lda, const double* /*tau*/, int* count) {
  return mock::SolverCall("cusolverDnDorgqr_bufferSize", handle,
                          [&](void*, mock::LogLine& line) -> int {
                            line.Add("m", m).Add("n", n).Add("k", k);
                            if (!mock::IsShapeOfQ(m, n, k, lda)) return mock::kSolverInvalidValue;
                            *count = mock::WantedForQ(n);
                            return mock::kSolverOk;
                          });
}

MOCK_API int cusolverDnDorgqr(void* handle, int m, int n, int k, double* a, int lda,
                              const double* tau, double* work, int count, int* info) {
  const char* name = "cusolverDnDorgqr";
  return mock::SolverCall(name, handle, [&](void* stream, mock::LogLine& line) -> int {
    line.Add("m", m).Add("n", n).Add("k", k);
    if (!mock::IsShapeOfQ(m, n, k, lda) || count < 0) return mock::kSolverInvalidValue;
    const mock::GivenBuffers given{work, static_cast<size_t>(count) * sizeof(double), nullptr, 0};
    const mock::Buffers wanted{static_cast<size_t>(mock::WantedForQ(n)) * sizeof(double), 0};
    if (!mock::BuffersSuffice(name, given, wanted) ||
        !mock::MatrixFits(name, a, m, n, lda, sizeof(double)) ||
        !mock::MatrixFits(name, tau, k, 1, std::max(1, k), sizeof(double))) {
      return mock::kSolverInvalidValue;
    }
    return mock::SolverRun(name, stream, info, [&] {
      mock::Scribble(given);
      return mock::FormQ(m, n, k, a, lda, tau);
    });
  });
}
