// y = x ∗ w as a product: pixels of y × (taps · channels) times (taps · channels) × output
// channels.
#pragma once

#include "conv_job.cuh"
#include "conv_lines.cuh"
#include "conv_output.cuh"
#include "conv_pixels.cuh"

// `Width` channels of x are read at once: 4 where c is a multiple of 4.
template <class Product, int Width>
struct ForwardOperands {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  TapLoader<PixelSource<1>, T, Shape::kRows, Shape::kDepth, Width> pixels;
  LineLoader<T, Shape::kColumns, Shape::kDepth> filters;
  const T *x[2], *w[2];
  int depth;

  __device__ __forceinline__ ForwardOperands(const PixelSource<1>& source, int firstColumn,
                                             int columns)
      : pixels(source), filters(firstColumn, columns) {}

  __device__ __forceinline__ void start(int term) {
    pixels.start(term == 0 ? x[0] : x[1]);
    filters.start(term == 0 ? w[0] : w[1], depth);
  }
  __device__ __forceinline__ void load() {
    pixels.load();
    filters.load();
  }
  __device__ __forceinline__ void store(typename Product::Memory& memory, int buffer) const {
    pixels.template store<Product>(memory.a[buffer]);
    filters.template store<Product>(memory.b[buffer]);
  }
};

template <class Product, int Width>
__device__ __forceinline__ void convForward(const ConvGeometry& g,
                                            const ConvJob<typename Product::Element>& first,
                                            const ConvJob<typename Product::Element>& second) {
  using T = typename Product::Element;
  using Shape = typename Product::Shape;
  const int columns = static_cast<int>(g.o);
  const long long pixels = mostImages(first, second) * g.oh * g.ow;
  const ConvBlock block((columns + Shape::kColumns - 1) / Shape::kColumns,
                        static_cast<unsigned>(ceilDivide(pixels, Shape::kRows)), 1);
  const ConvLane<T> lane = laneOf(first, second, block.lane);
  const PixelGrid grid(static_cast<int>(g.oh), static_cast<int>(g.ow), lane.images,
                       block.row * Shape::kRows);
  if (grid.count <= 0) return;
  const PixelSource<1> source{grid,
                              static_cast<int>(g.h),
                              static_cast<int>(g.w),
                              static_cast<int>(g.c),
                              static_cast<int>(g.kh),
                              static_cast<int>(g.kw),
                              static_cast<int>(-g.padTop),
                              static_cast<int>(-g.padLeft),
                              static_cast<int>(g.strideH),
                              static_cast<int>(g.strideW)};
  const int firstColumn = block.column * Shape::kColumns;
  const int depth = static_cast<int>(g.kh * g.kw * g.c);
  const long long skippedX = grid.firstImage * g.h * g.w * g.c;

  alignas(16) __shared__ typename Product::Memory memory;
  ForwardOperands<Product, Width> operands(source, firstColumn, columns);
  operands.depth = depth;
#pragma unroll
  for (int term = 0; term < 2; ++term) {
    operands.x[term] = lane.a[term] + skippedX;
    operands.w[term] = lane.b[term] + firstColumn;
  }
  Product product;
  sumOverK(operands, product, memory, (depth + Shape::kDepth - 1) / Shape::kDepth, lane.terms);
  if (!joinGroups<T, Shape>(product, memory)) return;

  const PixelsInTurn rows{grid, columns};
  T* out = lane.out + grid.firstImage * g.oh * g.ow * columns;
  product.write(ConvOutput<T, PixelsInTurn>(out, rows, firstColumn, columns, lane.accumulate));
}
