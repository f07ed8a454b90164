// The part of a pooling window that lies on the image.
#pragma once

#include <algorithm>
#include <cstdint>

#include "program.h"

namespace glocal::cpu::GLOCAL_SIMD {

struct PoolWindow {
  int64_t top, bottom, left, right;  // rows [top, bottom), columns [left, right)
};

inline PoolWindow WindowAt(const Window2d& w, int64_t row, int64_t column) {
  const int64_t top = row * w.stride_h - w.pad_top;
  const int64_t left = column * w.stride_w - w.pad_left;
  return {std::max<int64_t>(top, 0), std::min(top + w.kh, w.h), std::max<int64_t>(left, 0),
          std::min(left + w.kw, w.w)};
}

// Calls visit(offset of the pixel in its image) in row-major order.
template <class Visit>
inline void ForEachPixel(const Window2d& w, const PoolWindow& window, Visit visit) {
  for (int64_t y = window.top; y < window.bottom; ++y) {
    for (int64_t x = window.left; x < window.right; ++x) visit((y * w.w + x) * w.c);
  }
}

// Calls visit(window, offset of the result in its image) for each result of an image.
template <class Visit>
inline void ForEachWindow(const Window2d& w, Visit visit) {
  for (int64_t row = 0; row < w.oh; ++row) {
    for (int64_t column = 0; column < w.ow; ++column) {
      visit(WindowAt(w, row, column), (row * w.ow + column) * w.c);
    }
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
