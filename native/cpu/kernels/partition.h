// How work is cut into tasks: by sizes alone, never by the number of threads.
#pragma once

#include <cstdint>

#include "cpu/kernels.h"

namespace glocal::cpu::GLOCAL_SIMD {

inline int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t Larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Calls body(begin, end, worker) for pieces of [0, count) of `grain` each. A single piece runs here
// and now, without waking anybody.
template <class Body>
void ForPieces(const Context& context, int64_t count, int64_t grain, const Body& body) {
  const int64_t pieces = CeilDivide(count, grain);
  if (pieces <= 1) {
    if (count > 0) body(int64_t{0}, count, 0);
    return;
  }
  context.pool->Run(pieces, [&](int64_t piece, int worker) {
    body(piece * grain, Smaller(count, (piece + 1) * grain), worker);
  });
}

}  // namespace glocal::cpu::GLOCAL_SIMD
