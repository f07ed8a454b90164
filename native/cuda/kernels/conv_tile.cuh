// The product of a tile: rows × columns of a result, summed over K in slices that pass through
// shared memory. While a slice is multiplied, the next one is on its way from global memory into
// registers, so that its latency is hidden; two buffers make one barrier a slice enough.
#pragma once

#include "quad.cuh"

inline constexpr int kConvThreads = 128;

// A result of Rows × Columns; slices are Depth deep. A thread sums TileRows × TileColumns of it.
// Where that leaves threads over, `Groups` of them share each slice along K: narrow results have
// too few elements to keep enough threads busy otherwise.
template <int Rows, int Columns, int Depth, int TileRows, int TileColumns, int Groups>
struct TileShape {
  static constexpr int kRows = Rows, kColumns = Columns, kDepth = Depth;
  static constexpr int kTileRows = TileRows, kTileColumns = TileColumns, kGroups = Groups;
  static constexpr int kGroupThreads = kConvThreads / Groups;
  static_assert(Rows / TileRows * (Columns / TileColumns) == kGroupThreads);
};

// `Padding` keeps threads that write columns of a slice out of each other's banks.
template <class T, class Shape, int Padding>
struct TileMemory {
  static constexpr int kPadding = Padding;
  T a[2][Shape::kDepth][Shape::kRows + Padding];
  T b[2][Shape::kDepth][Shape::kColumns + Padding];
};

// `operands` bring slices: start(term), load() into registers, store(memory, buffer).
template <class Operands, class Product, class Memory>
__device__ __forceinline__ void sumOverK(Operands& operands, Product& product, Memory& memory,
                                         int slices, int terms) {
  const int total = slices * terms;
  if (total == 0) return;
  operands.start(0);
  operands.load();
  operands.store(memory, 0);
  __syncthreads();
  int loaded = 1;  // slices of the present term
  for (int slice = 0; slice < total; ++slice) {
    const bool more = slice + 1 < total;
    if (more) {
      if (loaded == slices) {
        operands.start(1);
        loaded = 0;
      }
      ++loaded;
      operands.load();
    }
    product.add(memory, slice & 1);
    if (more) operands.store(memory, ~slice & 1);
    __syncthreads();
  }
}

// Adds the sums of all groups, in order, into the first one's. True for threads that hold results.
template <class T, class Shape, class Product, class Memory>
__device__ __forceinline__ bool joinGroups(Product& product, Memory& memory) {
  if constexpr (Shape::kGroups == 1) {
    return true;
  } else {
    constexpr int kSums = Product::kSums;
    constexpr int kThreads = Shape::kGroupThreads;
    static_assert((Shape::kGroups - 1) * kSums * kThreads * sizeof(T) <= sizeof(Memory));
    T* scratch = &memory.a[0][0][0];
    const int thread = threadIdx.x % kThreads;
    const int group = threadIdx.x / kThreads;
    if (group > 0) {
#pragma unroll
      for (int i = 0; i < kSums; ++i) {
        scratch[((group - 1) * kSums + i) * kThreads + thread] = product.sums[i];
      }
    }
    __syncthreads();
    if (group > 0) return false;
    for (int other = 0; other < Shape::kGroups - 1; ++other) {
#pragma unroll
      for (int i = 0; i < kSums; ++i) {
        product.sums[i] += scratch[(other * kSums + i) * kThreads + thread];
      }
    }
    return true;
  }
}
