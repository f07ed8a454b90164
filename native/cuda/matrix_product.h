// Products of matrices of float64 by cuBLAS.
#pragma once

#include <memory>

#include "cuda/context.h"
#include "cuda/matrix.h"
#include "cuda/stream.h"

namespace glocal::cuda {

class MatrixProduct {
 public:
  MatrixProduct(std::shared_ptr<const Context> context, const Stream& stream);
  ~MatrixProduct();
  MatrixProduct(const MatrixProduct&) = delete;
  MatrixProduct& operator=(const MatrixProduct&) = delete;

  // out = op(A) · B, op(A) being Aᴴ when `adjoint`. All real, or all complex.
  void Run(const Matrix& a, bool adjoint, const Matrix& b, const Matrix& out) const;

 private:
  std::shared_ptr<const Context> context_;
  cublasHandle_t handle_ = nullptr;
};

}  // namespace glocal::cuda
