// x̄ = what a convolution's output gradient ȳ gives its input, gathered: pixels of x̄ ×
// (taps · output channels) times (taps · output channels) × channels. With strides, a pixel of x̄
// meets only the taps of its own residue, so pixels are taken by residue (phase): each phase is a
// product of its own with fewer taps, and nothing is multiplied by zero.
#pragma once

#include "conv_job.cuh"
#include "conv_output.cuh"
#include "conv_pixels.cuh"

// Along one axis: pixels first + stride · r of x̄ meet taps phase + stride · i, at output top + r −
// i.
struct Phase {
  int first, pixels, taps, top;

  __device__ __forceinline__ Phase(int phase, int size, int kernel, int stride, int padding) {
    first = (phase - padding) % stride;
    if (first < 0) first += stride;
    pixels = first < size ? (size - 1 - first) / stride + 1 : 0;
    taps = phase < kernel ? (kernel - 1 - phase) / stride + 1 : 0;
    top = (first + padding - phase) / stride;
  }
};

// Filters with channels as rows; K as in PixelSource<-1>.
struct FilterSource {
  int rowsLeft;                 // channels from the tile's first one on
  int tapRows, taps, channels;  // of a phase; output channels
  int tapRowStep, tapStep;      // elements from one tap of the phase to the next one

  struct Row {
    bool exists;
    int offset;
  };

  __device__ __forceinline__ Row row(int index) const {
    return {index < rowsLeft, index * channels};
  }
  __device__ __forceinline__ int offset(const TapPosition& at) const {
    return at.tapRow * tapRowStep + at.tap * tapStep + at.channel;
  }
  __device__ __forceinline__ bool contains(const Row& row, const TapPosition& at) const {
    return row.exists && at.tapRow < tapRows;
  }
};

// Where the pixels of a phase lie.
struct PhasePixels {
  const PixelGrid& grid;
  const Phase &vertical, &horizontal;
  int height, width, channels, strideH, strideW;

  __device__ __forceinline__ bool contains(int row) const { return row < grid.count; }
  __device__ __forceinline__ long long offset(int row) const {
    if (strideH == 1 && strideW == 1) {
      return static_cast<long long>(grid.skipped + row) * channels;
    }
    const PixelGrid::Pixel pixel = grid.at(row);
    const int y = vertical.first + strideH * pixel.row;
    const int x = horizontal.first + strideW * pixel.column;
    return static_cast<long long>((pixel.image * height + y) * width + x) * channels;
  }
};

// `Width` output channels of ȳ and w are read at once: 4 where o is a multiple of 4.
template <class Product, int Width>
struct InputGradOperands {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  TapLoader<PixelSource<-1>, T, Shape::kRows, Shape::kDepth, Width> gradients;
  TapLoader<FilterSource, T, Shape::kColumns, Shape::kDepth, Width> filters;
  const T *g[2], *w[2];

  __device__ __forceinline__ InputGradOperands(const PixelSource<-1>& gradients,
                                               const FilterSource& filters)
      : gradients(gradients), filters(filters) {}

  __device__ __forceinline__ void start(int term) {
    gradients.start(term == 0 ? g[0] : g[1]);
    filters.start(term == 0 ? w[0] : w[1]);
  }
  __device__ __forceinline__ void load() {
    gradients.load();
    filters.load();
  }
  __device__ __forceinline__ void store(typename Product::Memory& memory, int buffer) const {
    gradients.template store<Product>(memory.a[buffer]);
    filters.template store<Product>(memory.b[buffer]);
  }
};

template <class Product, int Width>
__device__ __forceinline__ void convInputGrad(const ConvGeometry& g,
                                              const ConvJob<typename Product::Element>& first,
                                              const ConvJob<typename Product::Element>& second) {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  const int columns = static_cast<int>(g.c);
  const int strideH = static_cast<int>(g.strideH), strideW = static_cast<int>(g.strideW);
  const int h = static_cast<int>(g.h), w = static_cast<int>(g.w), kw = static_cast<int>(g.kw);
  // The largest phase of the larger job; blocks beyond the others' pixels end at once.
  const long long pixels =
      mostImages(first, second) * ceilDivide(g.h, g.strideH) * ceilDivide(g.w, g.strideW);
  const ConvBlock block((columns + Shape::kColumns - 1) / Shape::kColumns,
                        static_cast<unsigned>(ceilDivide(pixels, Shape::kRows)), strideH * strideW);
  const int phaseH = block.part / strideW, phaseW = block.part % strideW;
  const Phase vertical(phaseH, h, static_cast<int>(g.kh), strideH, static_cast<int>(g.padTop));
  const Phase horizontal(phaseW, w, kw, strideW, static_cast<int>(g.padLeft));
  if (vertical.pixels == 0 || horizontal.pixels == 0) return;
  const ConvLane<T> lane = laneOf(first, second, block.lane);
  const PixelGrid grid(vertical.pixels, horizontal.pixels, lane.images, block.row * Shape::kRows);
  if (grid.count <= 0) return;

  const int channels = static_cast<int>(g.o);
  // A phase without taps has no K at all; one tap in name keeps divisions by it defined.
  const int depth = vertical.taps * horizontal.taps * channels;
  const int taps = horizontal.taps > 0 ? horizontal.taps : 1;
  const PixelSource<-1> gradients{
      grid, static_cast<int>(g.oh), static_cast<int>(g.ow), channels, vertical.taps,
      taps, vertical.top,           horizontal.top,         1,        1};
  const int firstColumn = block.column * Shape::kColumns;
  const int tapSize = columns * channels;
  const FilterSource filters{columns - firstColumn,  vertical.taps,    taps, channels,
                             strideH * kw * tapSize, strideW * tapSize};
  const long long skippedG = grid.firstImage * g.oh * g.ow * channels;
  const long long skippedW =
      static_cast<long long>(phaseH * kw + phaseW) * tapSize + firstColumn * channels;

  alignas(16) __shared__ typename Product::Memory memory;
  InputGradOperands<Product, Width> operands(gradients, filters);
#pragma unroll
  for (int term = 0; term < 2; ++term) {
    operands.g[term] = lane.a[term] + skippedG;
    operands.w[term] = lane.b[term] + skippedW;
  }
  Product product;
  sumOverK(operands, product, memory, (depth + Shape::kDepth - 1) / Shape::kDepth, lane.terms);
  if (!joinGroups<T, Shape>(product, memory)) return;

  const PhasePixels rows{grid, vertical, horizontal, h, w, columns, strideH, strideW};
  T* out = lane.out + grid.firstImage * h * w * columns;
  product.write(ConvOutput<T, PhasePixels>(out, rows, firstColumn, columns, lane.accumulate));
}
