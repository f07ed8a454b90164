// Matrix products by cuBLAS on one stream.
#pragma once

#include <memory>

#include "cuda/launches.h"
#include "cuda/memory.h"

namespace glocal::cuda {

class Blas {
 public:
  Blas(std::shared_ptr<const Context> context, CUstream stream);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  void Launch(const ProductLaunch& product, CUdeviceptr a, CUdeviceptr b, CUdeviceptr c) const;

 private:
  std::shared_ptr<const Context> context_;
  cublasHandle_t handle_ = nullptr;
  DeviceMemory workspace_;
};

}  // namespace glocal::cuda
