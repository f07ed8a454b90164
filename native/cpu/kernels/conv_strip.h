// The inner kernel of correlations one vector of channels wide. Tile takes a
// number from memory for every product; here a tap's weights stay in registers
// along a row, so one number serves all results of the row that it meets.
#pragma once

#include "cpu/kernels/conv_cover.h"
#include "cpu/kernels/conv_tile.h"

namespace glocal::cpu::GLOCAL_SIMD {

enum class Ends {
  kInside,  // the kernel lies on the source row for every result
  kOver,    // results are all that the source row meets: the kernel reaches over both ends
};

// 16 registers hold the sums of too few rows for strips to pay, unless they spare the border.
inline constexpr bool kManyRegisters = kAccumulators >= 24;

// Sums and the weights of a row of taps share the registers, with one for the number at hand; where
// registers are few, weights come from memory.
template <int kTaps, int kSums>
inline constexpr bool kStripFits =
    kManyRegisters ? kSums + kTaps <= kAccumulators + 3 : kSums <= kAccumulators;

// As Tile, for one vector, where the inner loop runs over kTaps taps of a row and the channels of
// each, and entries are neighbours: a_step is the number of channels.
template <class T, int kTaps, int kRows, int kEntries, Ends kEnds>
void Strip(const TileArguments<T>& args) {
  using V = Vector<T>;
  constexpr int kReachOver = kEnds == Ends::kOver ? kTaps - 1 : 0;
  constexpr int kSources = kEntries + kTaps - 1 - 2 * kReachOver;
  // A pointer serves eight sources: x86 addresses reach them by multiples of 1, 3, 5 and 7 steps.
  constexpr int kReach = 8;
  constexpr int kPointers = (kSources + kReach - 1) / kReach;
  V sums[kRows][kEntries];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 32
    for (int r = 0; r < kEntries; ++r) sums[i][r] = V{};
  }
  const int64_t channels = args.a_step;
  const int64_t b_next = args.loops.inner.b;
  const int64_t tap_step = channels * b_next;
  for (int64_t q = 0; q < args.loops.middle.count; ++q) {
    const T* a[kRows][kPointers];
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
      for (int g = 0; g < kPointers; ++g) {
        a[i][g] = args.a + q * args.loops.middle.a + i * args.a_row_step + g * kReach * channels;
        Hide(a[i][g]);
      }
    }
    const T* b = args.columns[0].b + q * args.loops.middle.b;
#pragma GCC unroll 1
    for (int64_t t = channels; t > 0; --t) {
      V taps[kTaps];
#pragma GCC unroll 8
      for (int j = 0; j < kTaps; ++j) taps[j] = Load(b + j * tap_step);
      b += b_next;
#pragma GCC unroll 32
      for (int s = 0; s < kSources; ++s) {
#pragma GCC unroll 8
        for (int i = 0; i < kRows; ++i) {
          const T scalar = a[i][s / kReach][s % kReach * channels];
#pragma GCC unroll 8
          for (int j = 0; j < kTaps; ++j) {
            const int r = s + kReachOver - j;
            if (r >= 0 && r < kEntries) sums[i][r] += taps[j] * scalar;
          }
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
        for (int g = 0; g < kPointers; ++g) ++a[i][g];
      }
    }
  }
  if (args.columns[0].valid != kWidth<T>) {
    V copy[kRows][kEntries];
    std::memcpy(copy, sums, sizeof(sums));
    return StoreParts(args, kRows, kEntries, 1, &copy[0][0]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
    T* out = args.columns[0].out + i * args.out_row_step;
#pragma GCC unroll 32
    for (int r = 0; r < kEntries; ++r) {
      V sum = sums[i][r];
      if (args.accumulate) sum += Load(out);
      Store(out, sum);
      out += args.out_step;
    }
  }
}

// Sizes::Has(rows, entries) says which strips to compile, of those that fit the registers.
template <class T, class Sizes, int kTaps, Ends kEnds, int kRows, int kEntries>
constexpr TileFunction<T> StripOrNull() {
  if constexpr (kRows > 0 && kEntries > 0 && kStripFits<kTaps, kRows * kEntries> &&
                Sizes::Has(kRows, kEntries)) {
    return &Strip<T, kTaps, kRows, kEntries, kEnds>;
  } else {
    return nullptr;
  }
}

template <class T, class Sizes, int kTaps, Ends kEnds, int kRows, int... kEntries>
constexpr auto StripTableRow(std::integer_sequence<int, kEntries...>) {
  return std::array<TileFunction<T>, sizeof...(kEntries)>{
      StripOrNull<T, Sizes, kTaps, kEnds, kRows, kEntries>()...};
}

template <class T, class Sizes, int kTaps, Ends kEnds, int... kRows>
constexpr TileTable<T> MakeStripTable(std::integer_sequence<int, kRows...>) {
  return {StripTableRow<T, Sizes, kTaps, kEnds, kRows>(
      std::make_integer_sequence<int, kAccumulators + 1>())...};
}

template <class T, class Sizes, int kTaps, Ends kEnds>
inline constexpr TileTable<T> kStripTable =
    MakeStripTable<T, Sizes, kTaps, kEnds>(std::make_integer_sequence<int, kMaxTileRows + 1>());

inline bool HasStrips(int64_t taps, int64_t stride, Ends ends) {
  return stride == 1 && (taps == 3 || taps == 5) && (kManyRegisters || ends == Ends::kOver);
}

// The strips for rows of `taps` taps whose results lie `stride` source pixels apart, or null where
// there are none.
template <class T, class Sizes, Ends kEnds>
const TileTable<T>* StripTableFor(int64_t taps, int64_t stride) {
  if (!HasStrips(taps, stride, kEnds)) return nullptr;
  return taps == 3 ? &kStripTable<T, Sizes, 3, kEnds> : &kStripTable<T, Sizes, 5, kEnds>;
}

}  // namespace glocal::cpu::GLOCAL_SIMD
