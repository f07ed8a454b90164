// Multiplies slices with the ordinary arithmetic units: each thread keeps a small tile of sums in
// registers, in quads of rows and columns.
#pragma once

#include "conv_tile.cuh"

template <class T, class Tile>
struct FmaProduct {
  using Element = T;
  using Shape = Tile;
  // A multiple of 16 bytes, since quads are read.
  static constexpr int kPadding = 4;
  using Memory = TileMemory<T, Tile, kPadding>;
  static constexpr int kSums = Tile::kTileRows * Tile::kTileColumns;

  T sums[kSums] = {};

  static __device__ __forceinline__ T operand(T x) { return x; }

  __device__ __forceinline__ void add(const Memory& memory, int buffer) {
    constexpr int kShare = Tile::kDepth / Tile::kGroups;
    const int first = group() * kShare;
#pragma unroll
    for (int k = 0; k < kShare; ++k) {
      T a[Tile::kTileRows], b[Tile::kTileColumns];
#pragma unroll
      for (int i = 0; i < Tile::kTileRows; i += 4) {
        keep(a + i, loadAligned(&memory.a[buffer][first + k][row(i)]));
      }
#pragma unroll
      for (int j = 0; j < Tile::kTileColumns; j += 4) {
        keep(b + j, loadAligned(&memory.b[buffer][first + k][column(j)]));
      }
#pragma unroll
      for (int i = 0; i < Tile::kTileRows; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kTileColumns; ++j) {
          sums[i * Tile::kTileColumns + j] += a[i] * b[j];
        }
      }
    }
  }

  // Calls output.write(row, column, four sums) for all that this thread holds.
  template <class Output>
  __device__ __forceinline__ void write(const Output& output) const {
#pragma unroll
    for (int i = 0; i < Tile::kTileRows; ++i) {
      const T* held = sums + i * Tile::kTileColumns;
#pragma unroll
      for (int j = 0; j < Tile::kTileColumns; j += 4) {
        const Quad<T> quad = {{held[j], held[j + 1], held[j + 2], held[j + 3]}};
        output.write(row(i / 4 * 4) + i % 4, column(j), quad, 4);
      }
    }
  }

 private:
  static constexpr int kAcross = Tile::kColumns / Tile::kTileColumns;
  static constexpr int kDown = Tile::kRows / Tile::kTileRows;

  // Quads of neighbouring threads are neighbours, so that a warp reads whole lines of a slice; a
  // thread's second quad lies in the other half of the tile.
  static __device__ __forceinline__ int row(int i) {
    return (i / 4 * kDown + threadIdx.x % Tile::kGroupThreads / kAcross) * 4;
  }
  static __device__ __forceinline__ int column(int j) {
    return (j / 4 * kAcross + threadIdx.x % kAcross) * 4;
  }
  static __device__ __forceinline__ int group() { return threadIdx.x / Tile::kGroupThreads; }

  static __device__ __forceinline__ void keep(T* to, const Quad<T>& q) {
#pragma unroll
    for (int i = 0; i < 4; ++i) to[i] = q.at[i];
  }
};
