// What we use of NVRTC, the compiler of kernels. See driver.h.
#pragma once

#include <cstddef>

#include "cuda/api/function_table.h"

namespace glocal::cuda {

using nvrtcResult = int;
using nvrtcProgram = struct _nvrtcProgram*;

inline constexpr nvrtcResult kNvrtcSuccess = 0;
inline constexpr nvrtcResult kNvrtcCompilation = 6;

// clang-format off
#define GLOCAL_NVRTC_FUNCTIONS(F) \
  F(nvrtcVersion, nvrtcResult, int*, int*) \
  F(nvrtcGetNumSupportedArchs, nvrtcResult, int*) \
  F(nvrtcGetSupportedArchs, nvrtcResult, int*) \
  F(nvrtcCreateProgram, nvrtcResult, nvrtcProgram*, const char*, const char*, int, \
    const char* const*, const char* const*) \
  F(nvrtcCompileProgram, nvrtcResult, nvrtcProgram, int, const char* const*) \
  F(nvrtcGetCUBINSize, nvrtcResult, nvrtcProgram, size_t*) \
  F(nvrtcGetCUBIN, nvrtcResult, nvrtcProgram, char*) \
  F(nvrtcGetProgramLogSize, nvrtcResult, nvrtcProgram, size_t*) \
  F(nvrtcGetProgramLog, nvrtcResult, nvrtcProgram, char*) \
  F(nvrtcDestroyProgram, nvrtcResult, nvrtcProgram*) \
  F(nvrtcGetErrorString, const char*, nvrtcResult)
// clang-format on

GLOCAL_FUNCTION_TABLE(Nvrtc, GLOCAL_NVRTC_FUNCTIONS)

}  // namespace glocal::cuda
