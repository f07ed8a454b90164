// How convolutions and products are cut into tasks: by their size alone, never
// by the number of threads, so that results are the same bits for any number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace glocal::cpu::GLOCAL_SIMD {

// A task of some 30 µs: long against waking a thread, short against a training step.
inline constexpr double kTaskFlops = 4e6;

inline int64_t TasksFor(double flops, int64_t most, double task_flops = kTaskFlops) {
  const int64_t wanted = static_cast<int64_t>(std::min(flops / task_flops, 1e9));
  return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(most, 1));
}

// Where part `index` of `parts` equal parts of [0, count) begins.
inline int64_t PartBegin(int64_t count, int64_t parts, int64_t index) {
  return count * index / parts;
}

// Bytes rounded up to whole cache lines.
inline size_t CacheLines(int64_t bytes) { return (static_cast<size_t>(bytes) + 63) / 64 * 64; }

}  // namespace glocal::cpu::GLOCAL_SIMD
