#pragma once

#include <memory>
#include <string>

#include "cuda/libraries.h"
#include "device.h"

namespace glocal::cuda {

struct CudaOptions {
  Candidates libraries;
  std::string cache_folder;  // of compiled kernels; empty for none
  int ordinal = 0;           // which GPU, in the driver's order
};

// Throws a CodedError that says why the GPU cannot be used.
std::shared_ptr<Device> CreateDevice(const CudaOptions& options);

}  // namespace glocal::cuda
