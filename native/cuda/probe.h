// Whether CUDA can be used here, and if not, why.
#pragma once

#include <string>
#include <vector>

#include "cuda/chip.h"
#include "cuda/cuda_device.h"

namespace glocal::cuda {

struct Probe {
  bool usable = false;
  std::string code, reason;  // of a CodedError, if it is not
  std::vector<Chip> chips;
  int driver_version = 0;  // 0: unknown
  std::vector<OpenedLibrary> libraries;
};

// Opens all libraries and asks for all GPUs, but makes no context. Never throws.
Probe ProbeCuda(const CudaOptions& options);

}  // namespace glocal::cuda
