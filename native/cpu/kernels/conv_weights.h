// The weights of a correlation as its tiles read them: in groups of vectors of
// result channels, tap by tap. They are read in place where they lie so already.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels/conv_correlate.h"
#include "cpu/kernels/conv_strip.h"
#include "cpu/kernels/transpose.h"

namespace glocal::cpu::GLOCAL_SIMD {

constexpr int64_t kLeastResultsToPack = 256;

template <class T>
class Weights {
 public:
  explicit Weights(const Correlation<T>& c) : c_(c) {
    const bool own = c.lanes > 1 && c.weights_lane_stride != 0;
    // A source shared by lanes with kernels of their own is read once, for the channels of all
    // lanes.
    side_by_side_ = own && c.source_lane_stride == 0;
    sets_ = own && !side_by_side_ ? c.lanes : 1;
    lane_vectors_ = VectorsFor<T>(c.result_channels);
    vectors_ = lane_vectors_ * (side_by_side_ ? c.lanes : 1);
    most_ = MostInGroup();
    tap_row_ = c.taps_w * c.channels;
    const bool ordered = c.result_channel_step == 1 && c.tap_step == c.channels * c.channel_step;
    const bool whole = c.result_channels % kWidth<T> == 0;
    // Groups that are parts of longer rows are read faster packed, by enough results.
    const bool worthwhile =
        lane_vectors_ > most_ && c.images * c.rows * c.columns >= kLeastResultsToPack;
    packs_ = !ordered || !whole || worthwhile;
  }

  bool side_by_side() const { return side_by_side_; }
  int64_t lane_vectors() const { return lane_vectors_; }
  int64_t vectors() const { return vectors_; }
  // Vectors of the group that begins with vector `first`, a multiple of Group(0).
  int64_t Group(int64_t first) const { return std::min(most_, vectors_ - first); }
  // Elements of a vector that are results.
  int64_t Valid(int64_t vector) const {
    return std::min<int64_t>(kWidth<T>, c_.result_channels - vector % lane_vectors_ * kWidth<T>);
  }
  int64_t PackedSize() const { return packs_ ? sets_ * SetSize() : 0; }

  // `to` has room for PackedSize() elements, and is read from here on.
  void Pack(T* to) {
    packed_ = to;
    if (!packs_) return;
    for (int64_t set = 0; set < sets_; ++set) {
      for (int64_t vector = 0; vector < vectors_; ++vector) PackVector(set, vector, to);
    }
  }

  // Of tap (row, 0) and channel 0.
  const T* At(int64_t lane, int64_t vector, int64_t row) const {
    const int64_t set = sets_ > 1 ? lane : 0;
    if (!packs_) return Source(set, vector) + row * c_.tap_row_step;
    return packed_ + Offset(set, vector) + row * TapRowStep(vector);
  }
  // From one channel, or from the last channel of a tap to the first of the next.
  int64_t Step(int64_t vector) const {
    return packs_ ? Group(First(vector)) * kWidth<T> : c_.channel_step;
  }
  int64_t TapRowStep(int64_t vector) const {
    return packs_ ? tap_row_ * Step(vector) : c_.tap_row_step;
  }

 private:
  // Groups of two share numbers of the source as well as strips of one do, and better than three.
  int64_t MostInGroup() const {
    if (HasStrips(c_.taps_w, c_.stride_w, Ends::kInside)) return vectors_ % 2 == 0 ? 2 : 1;
    return vectors_ % 3 == 0 ? 3 : std::min<int64_t>(vectors_, 2);
  }

  int64_t First(int64_t vector) const { return vector / most_ * most_; }
  int64_t SetSize() const { return c_.taps_h * tap_row_ * vectors_ * kWidth<T>; }

  const T* Source(int64_t set, int64_t vector) const {
    const int64_t lane = side_by_side_ ? vector / lane_vectors_ : set;
    return c_.weights + lane * c_.weights_lane_stride +
           vector % lane_vectors_ * kWidth<T> * c_.result_channel_step;
  }

  int64_t Offset(int64_t set, int64_t vector) const {
    const int64_t first = First(vector);
    return set * SetSize() + (first * c_.taps_h * tap_row_ + vector - first) * kWidth<T>;
  }

  void PackVector(int64_t set, int64_t vector, T* packed) const {
    const T* source = Source(set, vector);
    T* to = packed + Offset(set, vector);
    const int64_t step = Step(vector);
    const int64_t valid = Valid(vector);
    for (int64_t i = 0; i < c_.taps_h; ++i) {
      for (int64_t j = 0; j < c_.taps_w; ++j) {
        PackTap(source + i * c_.tap_row_step + j * c_.tap_step, valid, to, step);
        to += c_.channels * step;
      }
    }
  }

  void PackTap(const T* from, int64_t valid, T* to, int64_t step) const {
    int64_t k = 0;
    if (c_.channel_step == 1 && valid == kWidth<T>) {
      for (; k + kWidth<T> <= c_.channels; k += kWidth<T>) {
        TransposeSquare(from + k, c_.result_channel_step, to + k * step, step);
      }
    }
    for (; k < c_.channels; ++k) PackChannel(from + k * c_.channel_step, valid, to + k * step);
  }

  void PackChannel(const T* from, int64_t valid, T* to) const {
    if (c_.result_channel_step == 1) {
      Store(to, LoadFirst(from, valid));
      return;
    }
    for (int64_t e = 0; e < kWidth<T>; ++e) {
      to[e] = e < valid ? from[e * c_.result_channel_step] : T{0};
    }
  }

  const Correlation<T>& c_;
  bool side_by_side_;
  bool packs_;
  int64_t sets_;  // kernels laid out one after the other
  int64_t lane_vectors_, vectors_;
  int64_t most_;     // vectors of a group
  int64_t tap_row_;  // taps and channels of a row
  const T* packed_ = nullptr;
};

}  // namespace glocal::cpu::GLOCAL_SIMD
