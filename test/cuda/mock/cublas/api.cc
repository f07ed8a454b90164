// libcublas: matrix products.
#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>

#include "../common/abi.h"
#include "../common/log.h"
#include "../driver/interface.h"
#include "../driver/registry.h"
#include "gemm.h"

namespace mock {
namespace {

enum Status : int {
  kOk = 0,
  kNotReady = 1,
  kAllocFailed = 3,
  kBadValue = 7,
  kExecutionFailed = 13,
  kInternalError = 14,
  kNotSupported = 15,
};

enum ComputeType : int {
  kCompute32 = 68,
  kCompute32Pedantic = 69,
  kCompute64 = 70,
  kCompute64Pedantic = 71,
  kCompute32Tf32 = 77,
};

constexpr int kVersion = 130101;
constexpr int kTf32Math = 3;
// What NVIDIA recommends for chips before Hopper. Less makes the real library fail in some calls.
constexpr size_t kLeastWorkspace = 4 << 20;
constexpr size_t kWorkspaceAlignment = 256;
constexpr size_t kScribbled = 4096;

struct Workspace {
  char* start = nullptr;
  size_t bytes = 0;
};

struct Handle {
  int number = 0;
  void* stream = nullptr;
  Workspace workspace;
  int math_mode = 0;
};

std::mutex mutex;
Registry<Handle>& Handles() {
  static auto& handles = *new Registry<Handle>;
  return handles;
}

// A call's frame: with a live handle, logged with its result.
template <class Body>
int Call(const char* name, void* handle, Body body) {
  LogLine line(name);
  Handle* live;
  {
    std::lock_guard lock(mutex);
    live = Handles().Find(handle);
  }
  int status = kNotReady;
  if (live != nullptr && ContextIsUsable()) status = body(*live, line);
  line.Add("result", status).Write();
  return status;
}

// The real library works with it; whatever else lies there is lost.
bool Scribble(const Workspace& workspace) {
  if (workspace.start == nullptr) return true;
  if (!CheckDeviceRange("cuBLAS workspace", workspace.start, workspace.bytes)) return false;
  const size_t bytes = std::min(kScribbled, workspace.bytes);
  std::memset(workspace.start, 0xff, bytes);
  std::memset(workspace.start + workspace.bytes - bytes, 0xff, bytes);
  return true;
}

struct Operand {
  const void* start;
  int type;
  int64_t rows, columns;  // as it lies in memory
  int64_t leading, stride;
};

int64_t ElementBytes(int type) {
  return type == kReal32 ? 4 : type == kReal64 || type == kComplex32 ? 8 : 16;
}

bool IsWithinMemory(const char* name, const Operand& operand, int64_t batch) {
  if (operand.rows == 0 || operand.columns == 0 || batch == 0) return true;
  if (operand.stride < 0) return false;
  const int64_t last =
      (batch - 1) * operand.stride + (operand.columns - 1) * operand.leading + operand.rows;
  return CheckDeviceRange(name, operand.start,
                          static_cast<size_t>(last * ElementBytes(operand.type)));
}

bool TypesAreSupported(int a, int b, int c, int compute) {
  if (a != b || b != c) return false;
  switch (compute) {
    case kCompute32:
    case kCompute32Pedantic:
    case kCompute32Tf32:
      return a == kReal32;
    case kCompute64:
    case kCompute64Pedantic:
      return a == kReal64 || a == kComplex64;
    default:
      return false;
  }
}

struct Arguments {
  Operand a, b, c;
  Transpose op_a, op_b;
  int64_t m, n, k, batch;
  bool tf32;
};

bool RangesAreGood(const Arguments& x) {
  return IsWithinMemory("A of cublasGemmStridedBatchedEx", x.a, x.k == 0 ? 0 : x.batch) &&
         IsWithinMemory("B of cublasGemmStridedBatchedEx", x.b, x.k == 0 ? 0 : x.batch) &&
         IsWithinMemory("C of cublasGemmStridedBatchedEx", x.c, x.batch);
}

template <class T>
void MultiplyAll(const Arguments& x, T alpha, T beta) {
  const Product<T> product{x.op_a, x.op_b, x.m, x.n, x.k, alpha, beta, x.tf32};
  for (int64_t i = 0; i < x.batch; ++i) {
    const Matrix<const T> a{static_cast<const T*>(x.a.start) + i * x.a.stride, x.a.leading};
    const Matrix<const T> b{static_cast<const T*>(x.b.start) + i * x.b.stride, x.b.leading};
    T* c = static_cast<T*>(const_cast<void*>(x.c.start)) + i * x.c.stride;
    Multiply<T>(product, a, b, {c, x.c.leading});
  }
}

// The scalars are on the host and are read now, not when a graph repeats the call.
template <class T>
std::function<CudaResult()> WorkOf(const Arguments& x, const void* alpha, const void* beta,
                                   Workspace workspace) {
  return
      [x, alpha = *static_cast<const T*>(alpha), beta = *static_cast<const T*>(beta), workspace] {
        if (!RangesAreGood(x) || !Scribble(workspace)) return kIllegalAddress;
        MultiplyAll<T>(x, alpha, beta);
        return kSuccess;
      };
}

std::function<CudaResult()> WorkOfType(int type, const Arguments& x, const void* alpha,
                                       const void* beta, Workspace workspace) {
  if (type == kReal32) return WorkOf<float>(x, alpha, beta, workspace);
  if (type == kReal64) return WorkOf<double>(x, alpha, beta, workspace);
  return WorkOf<std::complex<double>>(x, alpha, beta, workspace);
}

}  // namespace
}  // namespace mock

using mock::Handle;
using mock::LogLine;

MOCK_API int cublasCreate_v2(void** handle) {
  LogLine line("cublasCreate_v2");
  int status = mock::kNotReady;
  if (mock::ContextIsUsable()) {
    std::lock_guard lock(mock::mutex);
    *handle = mock::Handles().Make();
    status = mock::kOk;
  }
  line.Add("result", status).Write();
  return status;
}

MOCK_API int cublasDestroy_v2(void* handle) {
  LogLine line("cublasDestroy_v2");
  std::lock_guard lock(mock::mutex);
  const int status = mock::Handles().Remove(handle) ? mock::kOk : mock::kNotReady;
  line.Add("result", status).Write();
  return status;
}

MOCK_API int cublasGetVersion_v2(void*, int* version) {
  *version = mock::kVersion;
  return mock::kOk;
}

MOCK_API int cublasSetStream_v2(void* handle, void* stream) {
  return mock::Call("cublasSetStream_v2", handle, [&](Handle& live, LogLine&) {
    if (!mock::StreamLives(stream)) return mock::kBadValue;
    live.stream = stream;
    live.workspace = {};  // as documented: back to the library's own
    return mock::kOk;
  });
}

MOCK_API int cublasSetWorkspace_v2(void* handle, void* start, size_t bytes) {
  return mock::Call("cublasSetWorkspace_v2", handle, [&](Handle& live, LogLine& line) {
    line.Add("at", mock::PlaceName(start)).Add("bytes", bytes);
    if (reinterpret_cast<uintptr_t>(start) % mock::kWorkspaceAlignment != 0) return mock::kBadValue;
    if (!mock::CheckDeviceRange("cublasSetWorkspace_v2", start, bytes)) return mock::kBadValue;
    live.workspace = {static_cast<char*>(start), bytes};
    return mock::kOk;
  });
}

MOCK_API int cublasSetMathMode(void* handle, int mode) {
  return mock::Call("cublasSetMathMode", handle, [&](Handle& live, LogLine& line) {
    line.Add("mode", mode);
    live.math_mode = mode;
    return mock::kOk;
  });
}

MOCK_API int cublasGemmStridedBatchedEx(void* handle, int op_a, int op_b, int m, int n, int k,
                                        const void* alpha, const void* a, int type_a, int lda,
                                        long long stride_a, const void* b, int type_b, int ldb,
                                        long long stride_b, const void* beta, void* c, int type_c,
                                        int ldc, long long stride_c, int batch, int compute,
                                        int /*algorithm*/) {
  return mock::Call("cublasGemmStridedBatchedEx", handle, [&](Handle& live, LogLine& line) {
    const bool captured = mock::StreamCaptures(live.stream);
    line.Add("m", m).Add("n", n).Add("k", k).Add("batch", batch).Add("type", type_a);
    line.Add("compute", compute).Add("captured", captured);
    if (m < 0 || n < 0 || k < 0 || batch < 0 || op_a < 0 || op_a > 2 || op_b < 0 || op_b > 2) {
      return mock::kBadValue;
    }
    if (!mock::TypesAreSupported(type_a, type_b, type_c, compute)) return mock::kNotSupported;
    const bool straight_a = op_a == 0;
    const bool straight_b = op_b == 0;
    mock::Arguments x;
    x.a = {a, type_a, straight_a ? m : k, straight_a ? k : m, lda, stride_a};
    x.b = {b, type_b, straight_b ? k : n, straight_b ? n : k, ldb, stride_b};
    x.c = {c, type_c, m, n, ldc, stride_c};
    x.op_a = static_cast<mock::Transpose>(op_a);
    x.op_b = static_cast<mock::Transpose>(op_b);
    x.m = m;
    x.n = n;
    x.k = k;
    x.batch = batch;
    x.tf32 = compute == mock::kCompute32Tf32 ||
             (compute == mock::kCompute32 && live.math_mode == mock::kTf32Math);
    for (const mock::Operand* operand : {&x.a, &x.b, &x.c}) {
      if (operand->leading < std::max<int64_t>(1, operand->rows)) return mock::kBadValue;
    }
    if (batch > 1 && stride_c < static_cast<long long>(ldc) * (n - 1) + m) {
      mock::Problem("cublasGemmStridedBatchedEx: the matrices of C overlap");
      return mock::kBadValue;
    }
    if (captured && live.workspace.bytes < mock::kLeastWorkspace) {
      mock::Problem(
          "cublasGemmStridedBatchedEx is captured without a workspace of %zu bytes: the real "
          "library would allocate memory in the graph. cublasSetStream_v2 takes it away",
          mock::kLeastWorkspace);
      mock::InvalidateCapture(live.stream);
      return mock::kAllocFailed;
    }
    if (!mock::RangesAreGood(x)) return mock::kBadValue;
    const int submitted = mock::Submit(live.stream, "cublasGemmStridedBatchedEx",
                                       mock::WorkOfType(type_a, x, alpha, beta, live.workspace));
    return submitted == mock::kSuccess ? mock::kOk : mock::kExecutionFailed;
  });
}

MOCK_API const char* cublasGetStatusString(int status) {
  switch (status) {
    case mock::kOk:
      return "CUBLAS_STATUS_SUCCESS";
    case mock::kNotReady:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case mock::kAllocFailed:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case mock::kBadValue:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case mock::kExecutionFailed:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case mock::kInternalError:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case mock::kNotSupported:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "CUBLAS_STATUS_UNKNOWN";
  }
}
