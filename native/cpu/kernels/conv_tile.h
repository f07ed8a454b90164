// The inner kernel of every direct convolution: a tile of sums kept in registers.
//
//   tile[i][j][v] = Σ_{p,q,t} a[p·a0 + q·a1 + t·a2 + i·rowStep + j·step] · b[v][p·b0 + q·b1 + t·b2]
//
// where a's elements are broadcast and b[v] are vectors. In a forward
// convolution i and j run over output rows and pixels and the sum over taps and
// channels; in a filter gradient i and j run over taps and channels and the sum
// over pixels.
#pragma once

#include <cstdint>

#include "cpu/kernels/structured_vector.h"

namespace glocal::cpu::GLOCAL_SIMD {

struct Strides3 {
  int64_t a, b;
  int64_t count;
};

struct SumLoops {
  Strides3 outer, middle, inner;
};

inline constexpr int kMaxTileVectors = 3;

// One column of vectors of the result.
template <class T>
struct TileColumn {
  const T* b;
  T* out;
  int64_t valid;  // elements of the vector that exist
};

template <class T>
struct TileArguments {
  SumLoops loops;
  const T* a;
  int64_t a_row_step, a_step;      // from one tile row, or tile entry, to the next
  int64_t out_row_step, out_step;  // likewise in the result
  TileColumn<T> columns[kMaxTileVectors];
  bool accumulate;
};

template <class T>
using TileFunction = void (*)(const TileArguments<T>&);

// kStep is a.step where the compiler may know it, else 0.
template <class T, int kRows, int kEntries, int kVectors, int kStep>
void Tile(const TileArguments<T>& args) {
  using V = Vector<T>;
  V sums[kRows][kEntries][kVectors];
#pragma GCC unroll 32
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
    for (int j = 0; j < kEntries; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[i][j][v] = V{};
    }
  }
  const SumLoops loops = args.loops;
  const int64_t step = kStep ? kStep : args.a_step;
  const int64_t row_step = args.a_row_step;
  for (int64_t p = 0; p < loops.outer.count; ++p) {
    for (int64_t q = 0; q < loops.middle.count; ++q) {
      const T* a = args.a + p * loops.outer.a + q * loops.middle.a;
      const T* b[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        b[v] = args.columns[v].b + p * loops.outer.b + q * loops.middle.b;
      }
      for (int64_t t = 0; t < loops.inner.count; ++t) {
        V vectors[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          vectors[v] = Load(b[v]);
          b[v] += loops.inner.b;
        }
#pragma GCC unroll 32
        for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
          for (int j = 0; j < kEntries; ++j) {
            const T scalar = a[i * row_step + j * step];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) sums[i][j][v] += vectors[v] * scalar;
          }
        }
        a += loops.inner.a;
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const TileColumn<T>& column = args.columns[v];
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
      for (int j = 0; j < kEntries; ++j) {
        T* out = column.out + i * args.out_row_step + j * args.out_step;
        V sum = sums[i][j][v];
        if (args.accumulate) sum += LoadFirst(out, column.valid);
        StoreFirst(out, sum, column.valid);
      }
    }
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
