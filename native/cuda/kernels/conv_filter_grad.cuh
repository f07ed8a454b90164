// w̄ = what a convolution's output gradient ȳ gives its filters: (taps · channels) × pixels times
// pixels × output channels. There are few results and long sums, so the pixels are cut into parts
// that are summed side by side; another kernel adds the parts in a fixed order.
#pragma once

#include "conv_job.cuh"
#include "conv_lines.cuh"
#include "conv_output.cuh"

// Brings slices of x: line k is the pixel under output pixel k for each (tap, channel) of the tile.
// `Width` channels are read at once: 4 where c is a multiple of 4.
template <class T, int Rows, int Depth, int Width>
struct PatchLoader {
  static constexpr int kRuns = Rows / Width;
  static constexpr int kAcross = kRuns < kConvThreads ? kRuns : kConvThreads;
  static constexpr int kRowsEach = kRuns / kAcross;
  static constexpr int kSpare = kConvThreads / kAcross;
  static constexpr int kAtOnce = kSpare < Depth ? kSpare : Depth;
  static constexpr int kEach = Depth / kAtOnce;
  static constexpr bool kAllBusy = kAcross * kAtOnce == kConvThreads;

  // A tap, relative to the top left corner of its window without padding.
  struct Row {
    int y, x, offset;
  };

  int height, width, channels, strideH, strideW, outputRows, outputColumns;
  long long imageSize;
  Row rows[kRowsEach];
  // The next output pixel of this thread, and how it moves on: image, row and column are digits.
  int row, column;
  const T* image;
  long long left;
  int rowStride, columnStride;
  long long imageStride;
  bool aligned;
  T held[kEach][kRowsEach][Width];

  __device__ __forceinline__ PatchLoader(const ConvGeometry& g, long long firstRow)
      : height(static_cast<int>(g.h)),
        width(static_cast<int>(g.w)),
        channels(static_cast<int>(g.c)),
        strideH(static_cast<int>(g.strideH)),
        strideW(static_cast<int>(g.strideW)),
        outputRows(static_cast<int>(g.oh)),
        outputColumns(static_cast<int>(g.ow)),
        imageSize(g.h * g.w * g.c),
        rowStride(kAtOnce / outputColumns % outputRows),
        columnStride(kAtOnce % outputColumns),
        imageStride(kAtOnce / outputColumns / outputRows * imageSize) {
    const int total = static_cast<int>(g.kh * g.kw * g.c);
    const int kw = static_cast<int>(g.kw);
#pragma unroll
    for (int r = 0; r < kRowsEach; ++r) {
      const int m = static_cast<int>(firstRow) + tileRow(r);
      const int tap = m / channels;
      const int y = tap / kw - static_cast<int>(g.padTop);
      const int x = tap % kw - static_cast<int>(g.padLeft);
      // No output pixel reaches a row that does not exist.
      rows[r] =
          m < total ? Row{y, x, (y * width + x) * channels + m % channels} : Row{-(1 << 30), 0, 0};
    }
  }

  // From output pixel `first` of the batch on, `count` pixels.
  __device__ __forceinline__ void start(const T* x, long long first, long long count) {
    const long long pixel = first + line(0);
    const long long size = static_cast<long long>(outputRows) * outputColumns;
    const int inImage = static_cast<int>(pixel % size);
    image = x + pixel / size * imageSize;
    row = inImage / outputColumns;
    column = inImage % outputColumns;
    left = count - line(0);
    aligned = isAligned(x);
  }

  __device__ __forceinline__ void load() {
    if (!busy()) return;
    if (Width > 1 && aligned) {
      fetch<true>();
    } else {
      fetch<false>();
    }
  }

  template <class Product, int Length>
  __device__ __forceinline__ void store(T (*slice)[Length]) const {
    if (!busy()) return;
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
#pragma unroll
      for (int r = 0; r < kRowsEach; ++r) {
        T* to = &slice[line(i)][tileRow(r)];
        if constexpr (Width == 1) {
          *to = Product::operand(held[i][r][0]);
        } else {
          Quad<T> quad;
#pragma unroll
          for (int j = 0; j < Width; ++j) quad.at[j] = Product::operand(held[i][r][j]);
          storeAligned(to, quad);
        }
      }
    }
  }

 private:
  template <bool Aligned>
  __device__ __forceinline__ void fetch() {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      const int y = row * strideH, x = column * strideW;
      const int offset = (y * width + x) * channels;
#pragma unroll
      for (int r = 0; r < kRowsEach; ++r) {
        const bool inside = left > 0 &&
                            static_cast<unsigned>(rows[r].y + y) < static_cast<unsigned>(height) &&
                            static_cast<unsigned>(rows[r].x + x) < static_cast<unsigned>(width);
        const T* from = image + (rows[r].offset + offset);
        if constexpr (Width == 1) {
          held[i][r][0] = inside ? *from : T(0);
        } else {
          const Quad<T> quad = loadWhole<Aligned>(from, inside);
#pragma unroll
          for (int j = 0; j < Width; ++j) held[i][r][j] = quad.at[j];
        }
      }
      advance();
    }
  }

  __device__ __forceinline__ void advance() {
    column += columnStride;
    row += rowStride;
    image += imageStride;
    left -= kAtOnce;
    if (column >= outputColumns) {
      column -= outputColumns;
      ++row;
    }
    if (row >= outputRows) {
      row -= outputRows;
      image += imageSize;
    }
  }

  static __device__ __forceinline__ bool busy() {
    return kAllBusy || threadIdx.x < kAcross * kAtOnce;
  }
  static __device__ __forceinline__ int tileRow(int r) {
    return (threadIdx.x % kAcross + r * kAcross) * Width;
  }
  static __device__ __forceinline__ int line(int i) { return threadIdx.x / kAcross + i * kAtOnce; }
};

template <class Product, int Width>
struct FilterGradOperands {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  PatchLoader<T, Shape::kRows, Shape::kDepth, Width> patches;
  LineLoader<T, Shape::kColumns, Shape::kDepth> gradients;
  const T *x[2], *g[2];
  long long firstPixel, pixels;

  __device__ __forceinline__ FilterGradOperands(const ConvGeometry& geometry, long long firstRow,
                                                int firstColumn)
      : patches(geometry, firstRow), gradients(firstColumn, static_cast<int>(geometry.o)) {}

  __device__ __forceinline__ void start(int term) {
    patches.start(term == 0 ? x[0] : x[1], firstPixel, pixels);
    gradients.start(term == 0 ? g[0] : g[1], pixels);
  }
  __device__ __forceinline__ void load() {
    patches.load();
    gradients.load();
  }
  __device__ __forceinline__ void store(typename Product::Memory& memory, int buffer) const {
    patches.template store<Product>(memory.a[buffer]);
    gradients.template store<Product>(memory.b[buffer]);
  }
};

// Rows of w̄ from the tile's first one on.
struct FilterRows {
  int count, columns;

  __device__ __forceinline__ bool contains(int row) const { return row < count; }
  __device__ __forceinline__ long long offset(int row) const {
    return static_cast<long long>(row) * columns;
  }
};

template <class Product, int Width>
__device__ __forceinline__ void convFilterGrad(const ConvGeometry& g,
                                               const ConvJob<typename Product::Element>& first,
                                               const ConvJob<typename Product::Element>& second,
                                               long long parts) {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  const int total = static_cast<int>(g.kh * g.kw * g.c);
  const int columns = static_cast<int>(g.o);
  const ConvBlock block((columns + Shape::kColumns - 1) / Shape::kColumns,
                        (total + Shape::kRows - 1) / Shape::kRows, static_cast<int>(parts));
  const ConvLane<T> lane = laneOf(first, second, block.lane);

  // Parts are whole slices, so that only the last one has a slice that is not full.
  const long long pixels = lane.images * g.oh * g.ow;
  const long long slices = ceilDivide(ceilDivide(pixels, parts), Shape::kDepth);
  const long long firstPixel = block.part * slices * Shape::kDepth;
  const long long left = pixels - firstPixel;
  const long long share = left < slices * Shape::kDepth ? left : slices * Shape::kDepth;
  const int firstRow = static_cast<int>(block.row) * Shape::kRows;
  const int firstColumn = block.column * Shape::kColumns;

  alignas(16) __shared__ typename Product::Memory memory;
  FilterGradOperands<Product, Width> operands(g, firstRow, firstColumn);
  operands.firstPixel = firstPixel;
  operands.pixels = share;
#pragma unroll
  for (int term = 0; term < 2; ++term) {
    operands.x[term] = lane.a[term];
    operands.g[term] = lane.b[term] + firstPixel * columns + firstColumn;
  }
  Product product;
  sumOverK(operands, product, memory,
           share > 0 ? static_cast<int>(ceilDivide(share, Shape::kDepth)) : 0, lane.terms);
  if (!joinGroups<T, Shape>(product, memory)) return;

  const FilterRows rows{total - firstRow, columns};
  T* out = lane.out + block.part * lane.partStride + static_cast<long long>(firstRow) * columns;
  product.write(ConvOutput<T, FilterRows>(out, rows, firstColumn, columns, lane.accumulate));
}
