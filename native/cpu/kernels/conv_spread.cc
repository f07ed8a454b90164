#include "cpu/kernels/conv_spread.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cpu/kernels/conv_tasks.h"
#include "cpu/kernels/conv_tile.h"
#include "cpu/kernels/conv_weights.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// In `args`, rows of the tile are images, entries of the result are pixels, and a_step leads from
// one source pixel to the next. The taps of a row lie tap_step apart.
template <class T>
using SpreadFunction = void (*)(const TileArguments<T>& args, int64_t tap_step);

template <class T, int kTaps, int kSources, int kImages>
void SpreadTile(const TileArguments<T>& args, int64_t tap_step) {
  using V = Vector<T>;
  constexpr int kResults = kSources + kTaps - 1;
  // As in Tile, a pointer serves four entries.
  constexpr int kReach = 4;
  constexpr int kPointers = (kSources + kReach - 1) / kReach;
  V sums[kImages][kResults];
#pragma GCC unroll 2
  for (int i = 0; i < kImages; ++i) {
#pragma GCC unroll 16
    for (int r = 0; r < kResults; ++r) sums[i][r] = V{};
  }
  const int64_t step = args.a_step;
  const int64_t b_next = args.loops.inner.b;
  for (int64_t q = 0; q < args.loops.middle.count; ++q) {
    const T* a[kImages][kPointers];
#pragma GCC unroll 2
    for (int i = 0; i < kImages; ++i) {
#pragma GCC unroll 4
      for (int g = 0; g < kPointers; ++g) {
        a[i][g] = args.a + q * args.loops.middle.a + i * args.a_row_step + g * kReach * step;
        Hide(a[i][g]);
      }
    }
    const T* b[kTaps];
#pragma GCC unroll 8
    for (int j = 0; j < kTaps; ++j) {
      b[j] = args.columns[0].b + q * args.loops.middle.b + j * tap_step;
    }
#pragma GCC unroll 1
    for (int64_t t = args.loops.inner.count; t > 0; --t) {
      V vectors[kTaps];
#pragma GCC unroll 8
      for (int j = 0; j < kTaps; ++j) {
        vectors[j] = Load(b[j]);
        b[j] += b_next;
      }
#pragma GCC unroll 16
      for (int s = 0; s < kSources; ++s) {
#pragma GCC unroll 2
        for (int i = 0; i < kImages; ++i) {
          const T scalar = a[i][s / kReach][s % kReach * step];
#pragma GCC unroll 8
          for (int j = 0; j < kTaps; ++j) sums[i][s + kTaps - 1 - j] += vectors[j] * scalar;
        }
      }
#pragma GCC unroll 2
      for (int i = 0; i < kImages; ++i) {
#pragma GCC unroll 4
        for (int g = 0; g < kPointers; ++g) ++a[i][g];
      }
    }
  }
  if (args.columns[0].valid != kWidth<T>) {
    V copy[kImages][kResults];
    std::memcpy(copy, sums, sizeof(sums));
    return StoreParts(args, kImages, kResults, 1, &copy[0][0]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < kImages; ++i) {
    T* out = args.columns[0].out + i * args.out_row_step;
#pragma GCC unroll 16
    for (int r = 0; r < kResults; ++r) {
      V sum = sums[i][r];
      if (args.accumulate) sum += Load(out);
      Store(out, sum);
      out += args.out_step;
    }
  }
}

constexpr int kMostSources = 12;

// Kernels by images and source pixels; absent sizes are null.
template <class T>
using SpreadTable = std::array<std::array<SpreadFunction<T>, kMostSources + 1>, 3>;

template <class T, int kTaps, int kImages, int kSources>
constexpr SpreadFunction<T> SpreadOrNull() {
  constexpr int kSums = kImages * (kSources + kTaps - 1);
  if constexpr (kImages > 0 && kSources >= 4 && kSources % 2 == 0 && kSums <= kAccumulators) {
    return &SpreadTile<T, kTaps, kSources, kImages>;
  } else {
    return nullptr;
  }
}

template <class T, int kTaps, int kImages, int... kSources>
constexpr auto SpreadTableRow(std::integer_sequence<int, kSources...>) {
  return std::array<SpreadFunction<T>, sizeof...(kSources)>{
      SpreadOrNull<T, kTaps, kImages, kSources>()...};
}

template <class T, int kTaps>
constexpr SpreadTable<T> MakeSpreadTable() {
  constexpr auto kSources = std::make_integer_sequence<int, kMostSources + 1>();
  return {SpreadTableRow<T, kTaps, 0>(kSources), SpreadTableRow<T, kTaps, 1>(kSources),
          SpreadTableRow<T, kTaps, 2>(kSources)};
}

template <class T>
SpreadFunction<T> SpreadTileFor(int64_t taps, int64_t images, int64_t sources) {
  static constexpr SpreadTable<T> kThree = MakeSpreadTable<T, 3>();
  static constexpr SpreadTable<T> kFive = MakeSpreadTable<T, 5>();
  if (sources > kMostSources) return nullptr;
  if (taps == 3) return kThree[images][sources];
  if (taps == 5) return kFive[images][sources];
  return nullptr;
}

template <class T>
class Spreader {
 public:
  Spreader(const Correlation<T>& c, ThreadPool& pool) : c_(c), pool_(pool), weights_(c) {
    image_lanes_ = weights_.side_by_side() ? 1 : c.lanes;
    single_ = SpreadTileFor<T>(c.taps_w, 1, c.width);
    pair_ = SpreadTileFor<T>(c.taps_w, 2, c.width);
    step_ = pair_ ? 2 : 1;
  }

  void Run() {
    const int64_t bunches = (c_.images + step_ - 1) / step_;
    const int64_t items = image_lanes_ * bunches;
    if (items == 0) return;
    const size_t bytes = CacheLines(weights_.PackedSize() * static_cast<int64_t>(sizeof(T)));
    weights_.Pack(reinterpret_cast<T*>(pool_.Scratch(0, bytes)));
    const double flops = 2.0 *
                         static_cast<double>(image_lanes_ * c_.images * c_.height * c_.width) *
                         static_cast<double>(c_.taps_h * c_.taps_w * c_.channels) *
                         static_cast<double>(weights_.vectors() * kWidth<T>);
    const int64_t tasks = TasksFor(flops, items);
    const auto task = [&](int64_t index, int) {
      const int64_t end = PartBegin(items, tasks, index + 1);
      for (int64_t item = PartBegin(items, tasks, index); item < end; ++item) {
        Item(item / bunches, item % bunches * step_);
      }
    };
    pool_.Run(tasks, task);
  }

 private:
  void Item(int64_t lane, int64_t image) const {
    const int64_t images = std::min(step_, c_.images - image);
    const SpreadFunction<T> tile = images == 2 ? pair_ : single_;
    const int64_t source_row = c_.width * c_.channels;
    const int64_t source_image = c_.height * source_row;
    const T* source = c_.source + lane * c_.source_lane_stride + image * source_image;
    T* result = c_.result + lane * c_.result_lane_stride + image * c_.result_image_step;
    TileArguments<T> args;
    args.a_row_step = source_image;
    args.a_step = c_.channels;
    args.out_row_step = c_.result_image_step;
    args.out_step = c_.result_step;
    args.accumulate = c_.accumulate;
    for (int64_t vector = 0; vector < weights_.vectors(); ++vector) {
      const int64_t step = weights_.Step(vector);
      T* out = result + vector / weights_.lane_vectors() * c_.result_lane_stride +
               vector % weights_.lane_vectors() * kWidth<T>;
      args.columns[0].valid = weights_.Valid(vector);
      for (int64_t row = 0; row < c_.rows; ++row) {
        const int64_t y = c_.origin_y + row;
        const int64_t begin = std::clamp<int64_t>(-y, 0, c_.taps_h);
        const int64_t end = std::clamp<int64_t>(c_.height - y, begin, c_.taps_h);
        args.loops = {{0, 0, 1},
                      {source_row, weights_.TapRowStep(vector), end - begin},
                      {1, step, c_.channels}};
        args.a = source + (y + begin) * source_row;
        args.columns[0].b = weights_.At(lane, vector, begin);
        args.columns[0].out = out + row * c_.result_row_step;
        tile(args, c_.channels * step);
      }
    }
  }

  const Correlation<T>& c_;
  ThreadPool& pool_;
  Weights<T> weights_;
  int64_t image_lanes_;
  int64_t step_;  // images of a tile
  SpreadFunction<T> single_, pair_;
};

}  // namespace

template <class T>
bool CanSpread(const Correlation<T>& c) {
  return c.stride_h == 1 && c.stride_w == 1 && c.origin_x == 1 - c.taps_w &&
         c.columns == c.width + c.taps_w - 1 && SpreadTileFor<T>(c.taps_w, 1, c.width) != nullptr;
}

template <class T>
void Spread(const Correlation<T>& correlation, ThreadPool& pool) {
  Spreader<T>(correlation, pool).Run();
}

template bool CanSpread(const Correlation<float>&);
template bool CanSpread(const Correlation<double>&);
template void Spread(const Correlation<float>&, ThreadPool&);
template void Spread(const Correlation<double>&, ThreadPool&);

}  // namespace glocal::cpu::GLOCAL_SIMD
