#include "cuda/blas.h"

#include <utility>

namespace glocal::cuda {
namespace {

// What NVIDIA advises for Hopper. A workspace of our own: with cuBLAS's, a graph would hold an
// address that another stream may use meanwhile, and results could depend on it.
constexpr int64_t kWorkspaceBytes = int64_t{32} << 20;

const void* Pointer(CUdeviceptr address) { return reinterpret_cast<const void*>(address); }

cublasOperation_t Operation(bool transposed) {
  return transposed ? kCublasTransposed : kCublasPlain;
}

}  // namespace

Blas::Blas(std::shared_ptr<const Context> context, CUstream stream)
    : context_(std::move(context)), workspace_(context_, kWorkspaceBytes) {
  const Cublas& cublas = context_->libraries().cublas;
  Check(cublas, cublas.cublasCreate_v2(&handle_), "cublasCreate");
  try {
    Check(cublas, cublas.cublasSetStream_v2(handle_, stream), "cublasSetStream");
    // After the stream, which takes the workspace away.
    Check(cublas,
          cublas.cublasSetWorkspace_v2(handle_, reinterpret_cast<void*>(workspace_.address()),
                                       static_cast<size_t>(kWorkspaceBytes)),
          "cublasSetWorkspace");
    Check(cublas, cublas.cublasSetMathMode(handle_, kCublasDefaultMath), "cublasSetMathMode");
  } catch (...) {
    cublas.cublasDestroy_v2(handle_);
    throw;
  }
}

Blas::~Blas() {
  context_->MakeCurrent();
  context_->libraries().cublas.cublasDestroy_v2(handle_);
}

// cuBLAS is column-major: it sees our matrices transposed, and cᵀ = op(b)ᵀ · op(a)ᵀ.
void Blas::Launch(const ProductLaunch& p, CUdeviceptr a, CUdeviceptr b, CUdeviceptr c) const {
  if (p.m == 0 || p.n == 0 || p.count == 0) return;
  const float one32 = 1, beta32 = p.accumulate ? 1 : 0;
  const double one64 = 1, beta64 = p.accumulate ? 1 : 0;
  const bool is64 = p.dtype == DType::kFloat64;
  const cudaDataType type = is64 ? kCudaFloat64 : kCudaFloat32;
  const void* one = is64 ? static_cast<const void*>(&one64) : &one32;
  const void* beta = is64 ? static_cast<const void*>(&beta64) : &beta32;
  const cublasComputeType_t compute = is64     ? kCublasComputeFloat64
                                      : p.tf32 ? kCublasComputeTf32
                                               : kCublasComputeFloat32;
  const Cublas& cublas = context_->libraries().cublas;
  const cublasStatus_t status = cublas.cublasGemmStridedBatchedEx(
      handle_, Operation(p.trans_b), Operation(p.trans_a), p.n, p.m, p.k, one, Pointer(b), type,
      p.ldb, p.stride_b, Pointer(a), type, p.lda, p.stride_a, beta, reinterpret_cast<void*>(c),
      type, p.ldc, p.stride_c, p.count, compute, kCublasDefaultAlgorithm);
  if (status != kCublasSuccess) {
    ThrowFailure("a product of " + std::to_string(p.count) + " × (" + std::to_string(p.m) + " × " +
                     std::to_string(p.k) + ") · (" + std::to_string(p.k) + " × " +
                     std::to_string(p.n) + ")",
                 Describe(cublas, status), status == kCublasAllocFailed);
  }
}

}  // namespace glocal::cuda
