// The pixels of a grid on a batch of images, as rows of a product, and what lies under the taps of
// a window at each. Offsets are counted from the first image of a tile: 32 bits are enough for the
// few images that a tile can meet, however many there are.
#pragma once

#include "conv_taps.cuh"

// Rows of a tile: pixels (row, column) of the images, one image after the other.
struct PixelGrid {
  int rows, columns;  // of an image
  long long firstImage;
  int skipped;      // pixels of that image before the tile
  long long count;  // pixels from the tile's first to the last of all

  __device__ __forceinline__ PixelGrid(int rows, int columns, long long images, long long first)
      : rows(rows), columns(columns) {
    const long long size = static_cast<long long>(rows) * columns;
    firstImage = first / size;
    skipped = static_cast<int>(first % size);
    count = images * size - first;
  }

  struct Pixel {
    int image, row, column;
  };
  __device__ __forceinline__ Pixel at(int index) const {
    const int pixel = skipped + index;
    const int line = pixel / columns;
    return {line / rows, line % rows, pixel % columns};
  }
};

// Where the results of the pixels of a grid lie when there is one for each pixel in turn.
struct PixelsInTurn {
  const PixelGrid& grid;
  int columns;  // of the result: channels

  __device__ __forceinline__ bool contains(int row) const { return row < grid.count; }
  __device__ __forceinline__ long long offset(int row) const {
    return static_cast<long long>(grid.skipped + row) * columns;
  }
};

// Tap (i, j) of grid pixel (r, q) lies on source pixel (top + r·stepH ± i, left + q·stepW ± j).
// Kernels of a forward convolution walk forwards over the source, those of an input gradient
// backwards.
template <int Direction>
struct PixelSource {
  const PixelGrid& grid;
  int height, width, channels;
  int tapRows, taps;
  int top, left, stepH, stepW;

  struct Row {
    int y, x, offset;
  };

  __device__ __forceinline__ Row row(int index) const {
    // No tap reaches a row that does not exist.
    if (index >= grid.count) return {kNowhere, 0, 0};
    const PixelGrid::Pixel pixel = grid.at(index);
    const int y = top + pixel.row * stepH;
    const int x = left + pixel.column * stepW;
    return {y, x, ((pixel.image * height + y) * width + x) * channels};
  }
  __device__ __forceinline__ int offset(const TapPosition& at) const {
    return Direction * (at.tapRow * width + at.tap) * channels + at.channel;
  }
  __device__ __forceinline__ bool contains(const Row& row, const TapPosition& at) const {
    return at.tapRow < tapRows &&
           static_cast<unsigned>(row.y + Direction * at.tapRow) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(row.x + Direction * at.tap) < static_cast<unsigned>(width);
  }

 private:
  static constexpr int kNowhere = -(1 << 30);
};
