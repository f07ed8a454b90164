// Covers a grid of results (rows × length) with tiles of the sizes that exist
// as compiled kernels, the cheapest way found.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "cpu/kernels/conv_tile.h"

namespace glocal::cpu::GLOCAL_SIMD {

inline constexpr int kMaxTileRows = 5;

// Kernels by rows and entries; absent sizes are null.
template <class T>
using TileTable = std::array<std::array<TileFunction<T>, kAccumulators + 1>, kMaxTileRows + 1>;

template <class T, class Sizes, int kVectors, bool kUnitStep, int kRows, int kEntries>
constexpr TileFunction<T> TileOrNull() {
  if constexpr (kRows > 0 && kEntries > 0 && kRows * kEntries * kVectors <= kAccumulators &&
                Sizes::Has(kRows, kEntries)) {
    return &Tile<T, kRows, kEntries, kVectors, kUnitStep>;
  } else {
    return nullptr;
  }
}

template <class T, class Sizes, int kVectors, bool kUnitStep, int kRows, int... kEntries>
constexpr auto TileTableRow(std::integer_sequence<int, kEntries...>) {
  return std::array<TileFunction<T>, sizeof...(kEntries)>{
      TileOrNull<T, Sizes, kVectors, kUnitStep, kRows, kEntries>()...};
}

template <class T, class Sizes, int kVectors, bool kUnitStep, int... kRows>
constexpr TileTable<T> MakeTileTable(std::integer_sequence<int, kRows...>) {
  return {TileTableRow<T, Sizes, kVectors, kUnitStep, kRows>(
      std::make_integer_sequence<int, kAccumulators + 1>())...};
}

// Sizes::Has(rows, entries) says which tiles to compile; it must hold for (1, 1).
template <class T, class Sizes, int kVectors, bool kUnitStep>
inline constexpr TileTable<T> kTileTable = MakeTileTable<T, Sizes, kVectors, kUnitStep>(
    std::make_integer_sequence<int, kMaxTileRows + 1>());

class Cover {
 public:
  Cover() = default;

  template <class T>
  Cover(const TileTable<T>& table, int64_t vectors, int64_t rows, int64_t length) : rows_(rows) {
    std::array<double, kAccumulators + 1> cost{};
    for (int entries = 1; entries <= kAccumulators; ++entries) {
      for (int r = 1; r <= kMaxTileRows && r <= rows; ++r) {
        if (!table[r][entries]) continue;
        const double c = TileCost(r * entries * vectors) / r;
        if (cost[entries] == 0 || c < cost[entries]) {
          cost[entries] = c;
          best_rows_[entries] = r;
        }
      }
      for (int r = 1; r <= kMaxTileRows; ++r) {
        if (table[r][entries]) fits_[r][entries] = true;
      }
    }
    Choose(cost, length);
  }

  // Calls visit(row, rows, entry, entries) for each tile.
  template <class Visit>
  void ForEach(Visit visit) const {
    int64_t begin = 0;
    for (int64_t i = 0; i < repeats_; ++i) {
      Column(begin, repeated_, visit);
      begin += repeated_;
    }
    for (int i = 0; i < tails_; ++i) {
      Column(begin, tail_[i], visit);
      begin += tail_[i];
    }
  }

 private:
  static constexpr int kTailLength = 2 * kAccumulators;

  // Cycles for one step of the sum, near enough: two multiply-adds each cycle, at least four for
  // their latency, and some for loading and storing the tile.
  static double TileCost(int64_t sums) { return static_cast<double>(sums < 9 ? 9 : sums) + 2.0; }

  void Choose(const std::array<double, kAccumulators + 1>& cost, int64_t length) {
    repeated_ = 1;
    for (int e = 1; e <= kAccumulators; ++e) {
      if (cost[e] > 0 && cost[e] / e < cost[repeated_] / repeated_) repeated_ = e;
    }
    repeats_ = length > kTailLength ? (length - kTailLength) / repeated_ + 1 : 0;
    const int rest = static_cast<int>(length - repeats_ * repeated_);
    std::array<double, kTailLength + 1> least{};
    std::array<int, kTailLength + 1> last{};
    for (int n = 1; n <= rest; ++n) {
      for (int e = 1; e <= n && e <= kAccumulators; ++e) {
        if (cost[e] == 0) continue;
        const double total = least[n - e] + cost[e];
        if (last[n] == 0 || total < least[n]) {
          least[n] = total;
          last[n] = e;
        }
      }
    }
    for (int n = rest; n > 0; n -= last[n]) tail_[tails_++] = last[n];
  }

  template <class Visit>
  void Column(int64_t entry, int entries, Visit& visit) const {
    for (int64_t row = 0; row < rows_;) {
      int r = best_rows_[entries];
      while (r > rows_ - row || !fits_[r][entries]) --r;
      visit(row, r, entry, entries);
      row += r;
    }
  }

  int64_t rows_ = 0;
  std::array<int, kAccumulators + 1> best_rows_{};
  std::array<std::array<bool, kAccumulators + 1>, kMaxTileRows + 1> fits_{};
  int repeated_ = 1;
  int64_t repeats_ = 0;
  std::array<int, kTailLength> tail_{};
  int tails_ = 0;
};

// Covers are kept: finding one takes as long as a small convolution.
template <class T>
const Cover& CoverOf(const TileTable<T>& table, int64_t vectors, int64_t rows, int64_t length) {
  thread_local std::map<std::tuple<const TileTable<T>*, int64_t, int64_t>, Cover> known;
  const auto [place, is_new] = known.try_emplace({&table, rows, length});
  if (is_new) place->second = Cover(table, vectors, rows, length);
  return place->second;
}

}  // namespace glocal::cpu::GLOCAL_SIMD
