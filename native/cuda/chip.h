// The GPUs that the driver shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/api/driver.h"

namespace glocal::cuda {

struct Chip {
  std::string name;
  int major = 0, minor = 0;  // compute capability
  int64_t memory_bytes = 0;

  // "sm_90"
  std::string architecture() const { return "sm_" + std::to_string(major) + std::to_string(minor); }
};

std::vector<Chip> AllChips(const Driver& driver);

// The chip at `ordinal`. Throws GLOCAL_CUDA_NO_DEVICE if there is none, and
// GLOCAL_CUDA_UNSUPPORTED_CHIP if it is older than the kernels are written for.
const Chip& UsableChip(const std::vector<Chip>& chips, int ordinal);

}  // namespace glocal::cuda
