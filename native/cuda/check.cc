#include "cuda/check.h"

namespace glocal::cuda {

std::string Describe(const Driver& driver, CUresult result) {
  const char* name = nullptr;
  const char* words = nullptr;
  if (driver.cuGetErrorName(result, &name) != kCudaSuccess || !name) {
    return "CUDA's error " + std::to_string(result);
  }
  if (driver.cuGetErrorString(result, &words) != kCudaSuccess || !words) return name;
  return std::string(name) + " (" + words + ")";
}

std::string Describe(const Nvrtc& nvrtc, nvrtcResult result) {
  return nvrtc.nvrtcGetErrorString(result);
}

std::string Describe(const Cublas& cublas, cublasStatus_t status) {
  return cublas.cublasGetStatusString(status);
}

void ThrowFailure(const std::string& what, const std::string& received, bool out_of_memory,
                  const std::string& hint) {
  throw CodedError(out_of_memory ? "GLOCAL_OUT_OF_MEMORY" : "GLOCAL_CUDA", what + " to succeed",
                   received, hint);
}

}  // namespace glocal::cuda
