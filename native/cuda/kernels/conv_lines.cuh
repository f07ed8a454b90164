// Brings slices of an operand that already lies as they do: line k of the slice is a line of
// memory.
#pragma once

#include "conv_tile.cuh"

template <class T, int Columns, int Depth>
struct LineLoader {
  static constexpr int kQuads = Columns / 4;
  static constexpr int kSpare = kConvThreads / kQuads;
  static constexpr int kAtOnce = kSpare < Depth ? kSpare : Depth;
  static constexpr int kEach = Depth / kAtOnce;

  int columns, valid;  // of memory's lines; of this thread's quad
  const T* from;
  long long left;  // lines from this thread's next one on
  bool aligned;
  Quad<T> held[kEach];

  __device__ __forceinline__ LineLoader(int firstColumn, int columns)
      : columns(columns), valid(columns - firstColumn - column()) {}

  // `base` is line 0 at the tile's first column.
  __device__ __forceinline__ void start(const T* base, long long lines) {
    from = base + static_cast<long long>(line(0)) * columns + column();
    left = lines - line(0);
    aligned = columns % 4 == 0 && isAligned(base);
  }

  __device__ __forceinline__ void load() {
    if (!busy()) return;
    if (aligned) {
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
      Quad<T> quad;
#pragma unroll
      for (int j = 0; j < 4; ++j) quad.at[j] = Product::operand(held[i].at[j]);
      storeAligned(&slice[line(i)][column()], quad);
    }
  }

 private:
  template <bool Aligned>
  __device__ __forceinline__ void fetch() {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      if constexpr (Aligned) {
        // Lines are whole quads, so this thread's exists or does not.
        held[i] = loadWhole<true>(from, left > 0 && valid > 0);
      } else {
        held[i] = loadQuad(from, left > 0 ? valid : 0, false);
      }
      from += static_cast<long long>(kAtOnce) * columns;
      left -= kAtOnce;
    }
  }

  static __device__ __forceinline__ bool busy() {
    return kQuads * kAtOnce == kConvThreads || threadIdx.x < kQuads * kAtOnce;
  }
  static __device__ __forceinline__ int line(int i) { return threadIdx.x / kQuads + i * kAtOnce; }
  static __device__ __forceinline__ int column() { return threadIdx.x % kQuads * 4; }
};
