#include "cuda/matrix_product.h"

#include <utility>

namespace glocal::cuda {
namespace {

int Int(int64_t size) { return static_cast<int>(size); }

}  // namespace

MatrixProduct::MatrixProduct(std::shared_ptr<const Context> context, const Stream& stream)
    : context_(std::move(context)) {
  const Cublas& cublas = context_->libraries().cublas;
  Check(cublas, cublas.cublasCreate_v2(&handle_), "cublasCreate");
  try {
    Check(cublas, cublas.cublasSetStream_v2(handle_, stream.get()), "cublasSetStream");
  } catch (...) {
    cublas.cublasDestroy_v2(handle_);
    throw;
  }
}

MatrixProduct::~MatrixProduct() { context_->libraries().cublas.cublasDestroy_v2(handle_); }

void MatrixProduct::Run(const Matrix& a, bool adjoint, const Matrix& b, const Matrix& out) const {
  if (out.entries() == 0) return;
  const double one[2] = {1, 0}, zero[2] = {0, 0};
  const cudaDataType type = a.complex ? kCudaComplex128 : kCudaFloat64;
  const Cublas& cublas = context_->libraries().cublas;
  const cublasStatus_t status = cublas.cublasGemmStridedBatchedEx(
      handle_, adjoint ? kCublasAdjoint : kCublasPlain, kCublasPlain, Int(out.rows),
      Int(out.columns), Int(b.rows), one, a.pointer(), type, Int(a.stride), 0, b.pointer(), type,
      Int(b.stride), 0, zero, out.pointer(), type, Int(out.stride), 0, 1, kCublasComputeFloat64,
      kCublasDefaultAlgorithm);
  Check(cublas, status, "cublasGemmStridedBatchedEx");
}

}  // namespace glocal::cuda
