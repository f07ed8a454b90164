// Copies of image parts with a border of zeros, so that no kernel ever asks
// whether a pixel exists.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace glocal::cpu::GLOCAL_SIMD {

// A rectangle of an image that may reach beyond it.
struct Crop {
  int64_t top, left, rows, columns;

  bool Inside(int64_t height, int64_t width) const {
    return top >= 0 && left >= 0 && top + rows <= height && left + columns <= width;
  }
};

template <class T>
void CopyCrop(const T* image, int64_t height, int64_t width, int64_t channels, const Crop& crop,
              T* to) {
  const int64_t first = std::clamp<int64_t>(-crop.left, 0, crop.columns);
  const int64_t last = std::clamp<int64_t>(width - crop.left, first, crop.columns);
  const size_t row_bytes = static_cast<size_t>(crop.columns * channels) * sizeof(T);
  for (int64_t r = 0; r < crop.rows; ++r) {
    T* row = to + r * crop.columns * channels;
    const int64_t y = crop.top + r;
    if (y < 0 || y >= height || first == last) {
      std::memset(row, 0, row_bytes);
      continue;
    }
    std::fill(row, row + first * channels, T{0});
    std::memcpy(row + first * channels, image + (y * width + crop.left + first) * channels,
                static_cast<size_t>((last - first) * channels) * sizeof(T));
    std::fill(row + last * channels, row + crop.columns * channels, T{0});
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
