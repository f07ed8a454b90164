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

// Hides where a pointer comes from. Told that all pointers of a tile differ by multiples of one
// step, GCC would hold the multiples in registers that it does not have.
template <class T>
inline void Hide(const T*& pointer) {
  asm("" : "+r"(pointer));
}

// Writes a tile with a column that is not full: rarely, so it costs no registers of the kernel.
template <class T>
[[gnu::noinline]] void StoreParts(const TileArguments<T>& args, int rows, int entries, int vectors,
                                  const Vector<T>* sums) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < entries; ++j) {
      for (int v = 0; v < vectors; ++v) {
        const TileColumn<T>& column = args.columns[v];
        T* out = column.out + i * args.out_row_step + j * args.out_step;
        Vector<T> sum = *sums++;
        if (args.accumulate) sum += LoadFirst(out, column.valid);
        StoreFirst(out, sum, column.valid);
      }
    }
  }
}

// kUnitStep says that a_step is 1.
template <class T, int kRows, int kEntries, int kVectors, bool kUnitStep>
void Tile(const TileArguments<T>& args) {
  using V = Vector<T>;
  // A pointer serves four entries: x86 addresses reach its next three by 1, 2 and 3 steps.
  constexpr int kReach = kUnitStep ? kEntries : 4;
  constexpr int kPointers = (kEntries + kReach - 1) / kReach;
  V sums[kRows][kEntries][kVectors];
#pragma GCC unroll 32
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
    for (int j = 0; j < kEntries; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[i][j][v] = V{};
    }
  }
  const int64_t step = kUnitStep ? 1 : args.a_step;
  for (int64_t p = 0; p < args.loops.outer.count; ++p) {
    for (int64_t q = 0; q < args.loops.middle.count; ++q) {
      const T* begin = args.a + p * args.loops.outer.a + q * args.loops.middle.a;
      const T* a[kRows][kPointers];
#pragma GCC unroll 8
      for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
        for (int g = 0; g < kPointers; ++g) {
          a[i][g] = begin + i * args.a_row_step + g * kReach * step;
          Hide(a[i][g]);
        }
      }
      const T* b[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        b[v] = args.columns[v].b + p * args.loops.outer.b + q * args.loops.middle.b;
      }
      const int64_t a_next = args.loops.inner.a;
      const int64_t b_next = args.loops.inner.b;
#pragma GCC unroll 1
      for (int64_t t = args.loops.inner.count; t > 0; --t) {
        V vectors[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          vectors[v] = Load(b[v]);
          b[v] += b_next;
        }
#pragma GCC unroll 8
        for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
          for (int j = 0; j < kEntries; ++j) {
            const T scalar = a[i][j / kReach][j % kReach * step];
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) sums[i][j][v] += vectors[v] * scalar;
          }
#pragma GCC unroll 8
          for (int g = 0; g < kPointers; ++g) a[i][g] += a_next;
        }
      }
    }
  }
  bool full = true;
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) full &= args.columns[v].valid == kWidth<T>;
  if (!full) {
    V copy[kRows][kEntries][kVectors];
    std::memcpy(copy, sums, sizeof(sums));
    return StoreParts(args, kRows, kEntries, kVectors, &copy[0][0][0]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      T* out = args.columns[v].out + i * args.out_row_step;
#pragma GCC unroll 32
      for (int j = 0; j < kEntries; ++j) {
        V sum = sums[i][j][v];
        if (args.accumulate) sum += Load(out);
        Store(out, sum);
        out += args.out_step;
      }
    }
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
