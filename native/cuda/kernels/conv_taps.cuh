// Brings slices of an operand whose K runs over taps of a window and the channels under each:
// pixels under the taps of a forward convolution, gradients and filters of an input gradient.
// Such an operand lies along K in memory, while a slice wants K line by line, so it is turned on
// its way into shared memory.
#pragma once

#include "conv_tile.cuh"

// K as three digits, so that a step along it needs no division.
struct TapPosition {
  int tapRow, tap, channel;
};

struct TapWalk {
  int taps, channels;
  TapPosition stride;

  __device__ __forceinline__ TapWalk(int taps, int channels, int step)
      : taps(taps), channels(channels > 0 ? channels : 1), stride(at(step)) {}

  __device__ __forceinline__ TapPosition at(int k) const {
    const int pixel = k / channels;
    return {pixel / taps, pixel % taps, k % channels};
  }

  __device__ __forceinline__ void advance(TapPosition& at) const {
    at.channel += stride.channel;
    at.tap += stride.tap;
    at.tapRow += stride.tapRow;
    if (at.channel >= channels) {
      at.channel -= channels;
      ++at.tap;
    }
    if (at.tap >= taps) {
      at.tap -= taps;
      ++at.tapRow;
    }
  }
};

// `Source` knows where rows and taps lie: Row row(int), int offset(TapPosition),
// bool contains(Row, TapPosition); a row has an `offset`, too. `Width` channels are read at once.
template <class Source, class T, int Rows, int Depth, int Width>
struct TapLoader {
  // Two threads side by side read 32 bytes of a row, a whole sector, and a warp's 16 rows meet no
  // bank twice. Single channels are read by a warp for 32 rows.
  static constexpr int kAlong = Width == 1 ? 1 : 2;
  static constexpr int kRun = kAlong * Width;
  static constexpr int kRowsAtOnce = Rows < kConvThreads / kAlong ? Rows : kConvThreads / kAlong;
  static constexpr int kSpare = kConvThreads / (kAlong * kRowsAtOnce);
  static constexpr int kRunsAtOnce = kSpare < Depth / kRun ? kSpare : Depth / kRun;
  static constexpr int kRowsEach = Rows / kRowsAtOnce;
  static constexpr int kRunsEach = Depth / (kRun * kRunsAtOnce);
  static constexpr bool kAllBusy = kAlong * kRowsAtOnce * kRunsAtOnce == kConvThreads;

  const Source& source;
  const TapWalk walk;
  typename Source::Row rows[kRowsEach];
  TapPosition position;
  const T* base;
  bool aligned;
  T held[kRunsEach][kRowsEach][Width];

  __device__ __forceinline__ explicit TapLoader(const Source& source)
      : source(source), walk(source.taps, source.channels, kRun * kRunsAtOnce) {
#pragma unroll
    for (int r = 0; r < kRowsEach; ++r) rows[r] = source.row(row(r));
  }

  __device__ __forceinline__ void start(const T* from) {
    base = from;
    aligned = isAligned(from);
    position = walk.at(depth(0));
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
    for (int i = 0; i < kRunsEach; ++i) {
#pragma unroll
      for (int r = 0; r < kRowsEach; ++r) {
#pragma unroll
        for (int j = 0; j < Width; ++j) {
          slice[depth(i) + j][row(r)] = Product::operand(held[i][r][j]);
        }
      }
    }
  }

 private:
  template <bool Aligned>
  __device__ __forceinline__ void fetch() {
#pragma unroll
    for (int i = 0; i < kRunsEach; ++i) {
      const int offset = source.offset(position);
#pragma unroll
      for (int r = 0; r < kRowsEach; ++r) {
        const T* from = base + (rows[r].offset + offset);
        const bool inside = source.contains(rows[r], position);
        if constexpr (Width == 1) {
          held[i][r][0] = inside ? *from : T(0);
        } else {
          const Quad<T> quad = loadWhole<Aligned>(from, inside);
#pragma unroll
          for (int j = 0; j < Width; ++j) held[i][r][j] = quad.at[j];
        }
      }
      walk.advance(position);
    }
  }

  static __device__ __forceinline__ bool busy() {
    return kAllBusy || threadIdx.x < kAlong * kRowsAtOnce * kRunsAtOnce;
  }
  static __device__ __forceinline__ int row(int r) {
    return threadIdx.x / kAlong % kRowsAtOnce + r * kRowsAtOnce;
  }
  static __device__ __forceinline__ int depth(int i) {
    return (threadIdx.x / (kAlong * kRowsAtOnce) + i * kRunsAtOnce) * kRun +
           threadIdx.x % kAlong * Width;
  }
};
