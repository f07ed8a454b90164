// A decoded program for CUDA: the C++ mirror of lib/lower/cuda/launches.ts.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "device.h"
#include "program.h"

namespace glocal::cuda {

// Every parameter of a kernel takes 8 bytes.
struct Argument {
  bool is_address = false;
  Ref ref;            // if it is
  int64_t value = 0;  // if it is not
};

struct KernelLaunch {
  int32_t kernel = 0;
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  std::vector<Argument> arguments;
};

struct ProductLaunch {
  DType dtype = DType::kFloat32;
  bool tf32 = false;
  int32_t m = 0, n = 0, k = 0;
  bool trans_a = false, trans_b = false;
  int32_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;
  int32_t count = 0;
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;  // elements
  Ref a, b, c;
};

struct ZeroLaunch {
  Ref at;
  int64_t bytes = 0;
};

using Launch = std::variant<KernelLaunch, ProductLaunch, ZeroLaunch>;

struct LaunchProgram {
  int64_t arena_bytes = 0;
  std::vector<Slot> slots;
  std::vector<Launch> launches;
};

// Must equal LAUNCHES_VERSION in lib/lower/cuda/encode.ts.
inline constexpr int kLaunchesVersion = 1;

// Throws std::invalid_argument when the stream is malformed, of another version, or refers to a
// slot, kernel or byte that does not exist. What a kernel makes of its arguments is not known here:
// addresses lie within their slot or the arena, and no more is checked.
LaunchProgram DecodeLaunches(const ProgramSource& source);

}  // namespace glocal::cuda
