// Which SIMD levels this build holds and this machine can run.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/kernels.h"

namespace glocal::cpu {

// Best last; never empty.
std::vector<const Kernels*> UsableKernels();

// The best level, or the one called `name` when it is not empty. Throws std::invalid_argument when
// the machine has no such level.
const Kernels& ChooseKernels(std::string_view name);

}  // namespace glocal::cpu
