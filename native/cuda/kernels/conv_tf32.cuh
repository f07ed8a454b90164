// Multiplies slices with the tensor cores in TF32. The warps of a group lie one below the other,
// each over all columns.
#pragma once

#include "conv_tile.cuh"
#include "mma.cuh"

template <class Tile>
struct Tf32Product {
  using Element = float;
  using Shape = Tile;
  // Makes the line of a slice 8 or 24 banks longer than whole rounds of them: the 32 elements that
  // a warp wants, 8 of each of 4 lines, then lie in 32 banks.
  static constexpr int kPadding = 8;
  using Memory = TileMemory<float, Tile, kPadding>;
  static constexpr int kWarpRows = Tile::kRows / (Tile::kGroupThreads / 32);
  static constexpr int kDown = kWarpRows / 16, kAcross = Tile::kColumns / 8;
  static constexpr int kSums = kDown * kAcross * 4;

  float sums[kSums] = {};

  static __device__ __forceinline__ float operand(float x) { return roundToTf32(x); }

  __device__ __forceinline__ void add(const Memory& memory, int buffer) {
    constexpr int kShare = Tile::kDepth / Tile::kGroups;
    static_assert(kShare % 8 == 0 && kWarpRows % 16 == 0);
    const int row = firstRow();
    const int outer = threadIdx.x % 32 / 4;
    const int first = threadIdx.x / Tile::kGroupThreads * kShare + threadIdx.x % 4;
#pragma unroll
    for (int k = 0; k < kShare; k += 8) {
      const auto& a = memory.a[buffer];
      const auto& b = memory.b[buffer];
      float right[kAcross][2];
#pragma unroll
      for (int j = 0; j < kAcross; ++j) {
        right[j][0] = b[first + k][j * 8 + outer];
        right[j][1] = b[first + k + 4][j * 8 + outer];
      }
#pragma unroll
      for (int i = 0; i < kDown; ++i) {
        const int r = row + i * 16 + outer;
        const float left[4] = {a[first + k][r], a[first + k][r + 8], a[first + k + 4][r],
                               a[first + k + 4][r + 8]};
#pragma unroll
        for (int j = 0; j < kAcross; ++j) {
          multiplyTf32(sums + (i * kAcross + j) * 4, left, right[j]);
        }
      }
    }
  }

  template <class Output>
  __device__ __forceinline__ void write(const Output& output) const {
#pragma unroll
    for (int i = 0; i < kDown; ++i) {
      const int row = firstRow() + i * 16 + threadIdx.x % 32 / 4;
#pragma unroll
      for (int j = 0; j < kAcross; ++j) {
        const float* held = sums + (i * kAcross + j) * 4;
        const int column = j * 8 + threadIdx.x % 4 * 2;
        output.write(row, column, Quad<float>{{held[0], held[1]}}, 2);
        output.write(row + 8, column, Quad<float>{{held[2], held[3]}}, 2);
      }
    }
  }

 private:
  static __device__ __forceinline__ int firstRow() {
    return threadIdx.x % Tile::kGroupThreads / 32 * kWarpRows;
  }
};
