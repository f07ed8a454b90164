// The pixels of a pooling window that lie on the image.
#pragma once

#include <algorithm>
#include <cstdint>

#include "program.h"

namespace glocal::cpu::GLOCAL_SIMD {

// Any window: rows [top, bottom), columns [left, right). May overlap others.
struct AnyWindow {
  static constexpr bool kDisjoint = false;
  int64_t top, bottom, left, right;
  int64_t row_step, step;

  AnyWindow(const Window2d& w, int64_t row, int64_t column)
      : top(std::max<int64_t>(row * w.stride_h - w.pad_top, 0)),
        bottom(std::min(row * w.stride_h - w.pad_top + w.kh, w.h)),
        left(std::max<int64_t>(column * w.stride_w - w.pad_left, 0)),
        right(std::min(column * w.stride_w - w.pad_left + w.kw, w.w)),
        row_step(w.w * w.c),
        step(w.c) {}

  // Calls visit(offset of the pixel in its image) in row-major order.
  template <class Visit>
  void ForEach(Visit visit) const {
    for (int64_t y = top; y < bottom; ++y) {
      for (int64_t x = left; x < right; ++x) visit(y * row_step + x * step);
    }
  }
};

// A window of 2 × 2 that lies on the image whole and meets no other.
struct QuadWindow {
  static constexpr bool kDisjoint = true;
  int64_t first, row_step, step;

  QuadWindow(const Window2d& w, int64_t row, int64_t column)
      : first((row * w.stride_h * w.w + column * w.stride_w) * w.c),
        row_step(w.w * w.c),
        step(w.c) {}

  static bool Fits(const Window2d& w) {
    return w.kh == 2 && w.kw == 2 && w.stride_h >= 2 && w.stride_w >= 2 && w.pad_top == 0 &&
           w.pad_left == 0 && (w.oh - 1) * w.stride_h + 2 <= w.h &&
           (w.ow - 1) * w.stride_w + 2 <= w.w;
  }

  template <class Visit>
  void ForEach(Visit visit) const {
    visit(first);
    visit(first + step);
    visit(first + row_step);
    visit(first + row_step + step);
  }
};

}  // namespace glocal::cpu::GLOCAL_SIMD
