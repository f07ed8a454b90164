// Results of NVIDIA's libraries turned into errors that carry the library's own words.
#pragma once

#include <string>

#include "cuda/api/cublas.h"
#include "cuda/api/driver.h"
#include "cuda/api/nvrtc.h"
#include "errors.h"

namespace glocal::cuda {

// "CUDA_ERROR_INVALID_VALUE (invalid argument)"
std::string Describe(const Driver& driver, CUresult result);
std::string Describe(const Nvrtc& nvrtc, nvrtcResult result);
std::string Describe(const Cublas& cublas, cublasStatus_t status);

// "Expected `what` to succeed but received …", GLOCAL_CUDA, or GLOCAL_OUT_OF_MEMORY.
[[noreturn]] void ThrowFailure(const std::string& what, const std::string& received,
                               bool out_of_memory = false, const std::string& hint = "");

// `what` ran, and must have succeeded.
inline void Check(const Driver& driver, CUresult result, const char* what) {
  if (result != kCudaSuccess) {
    ThrowFailure(what, Describe(driver, result), result == kCudaOutOfMemory);
  }
}
inline void Check(const Nvrtc& nvrtc, nvrtcResult result, const char* what) {
  if (result != kNvrtcSuccess) ThrowFailure(what, Describe(nvrtc, result));
}
inline void Check(const Cublas& cublas, cublasStatus_t status, const char* what) {
  if (status != kCublasSuccess) {
    ThrowFailure(what, Describe(cublas, status), status == kCublasAllocFailed);
  }
}

}  // namespace glocal::cuda
