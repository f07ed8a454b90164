#pragma once

#include <string_view>

#include "device.h"

namespace glocal::cpu {

// `simd` names a SIMD level; empty takes the best. Throws std::invalid_argument for a level that
// this machine does not have.
std::shared_ptr<Device> CreateDevice(int threads, std::string_view simd);

}  // namespace glocal::cpu
