#include "cpu/kernels/conv_spread.h"

#include <algorithm>

#include "cpu/kernels/conv_strip.h"
#include "cpu/kernels/conv_tasks.h"
#include "cpu/kernels/conv_weights.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// Two images or one × the results of a row.
struct RowTiles {
  static constexpr bool Has(int images, int results) {
    return images <= 2 && results >= 6 && results <= 16 && results % 2 == 0;
  }
};

// The tile for all results of a row, or null where there is none.
template <class T>
TileFunction<T> RowTile(const Correlation<T>& c, int images) {
  const TileTable<T>* table = StripTableFor<T, RowTiles, Ends::kOver>(c.taps_w, c.stride_w);
  return table && c.columns <= kAccumulators ? (*table)[images][c.columns] : nullptr;
}

template <class T>
class Spreader {
 public:
  Spreader(const Correlation<T>& c, ThreadPool& pool) : c_(c), pool_(pool), weights_(c) {
    image_lanes_ = weights_.side_by_side() ? 1 : c.lanes;
    single_ = RowTile(c, 1);
    pair_ = RowTile(c, 2);
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
    const TileFunction<T> tile = images == 2 ? pair_ : single_;
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
      T* out = result + vector / weights_.lane_vectors() * c_.result_lane_stride +
               vector % weights_.lane_vectors() * kWidth<T>;
      args.columns[0].valid = weights_.Valid(vector);
      for (int64_t row = 0; row < c_.rows; ++row) {
        const int64_t y = c_.origin_y + row;
        const int64_t begin = std::clamp<int64_t>(-y, 0, c_.taps_h);
        const int64_t end = std::clamp<int64_t>(c_.height - y, begin, c_.taps_h);
        args.loops = {{0, 0, 1},
                      {source_row, weights_.TapRowStep(vector), end - begin},
                      {1, weights_.Step(vector), c_.taps_w * c_.channels}};
        args.a = source + (y + begin) * source_row;
        args.columns[0].b = weights_.At(lane, vector, begin);
        args.columns[0].out = out + row * c_.result_row_step;
        tile(args);
      }
    }
  }

  const Correlation<T>& c_;
  ThreadPool& pool_;
  Weights<T> weights_;
  int64_t image_lanes_;
  int64_t step_;  // images of a tile
  TileFunction<T> single_, pair_;
};

}  // namespace

template <class T>
bool CanSpread(const Correlation<T>& c) {
  return c.stride_h == 1 && c.origin_x == 1 - c.taps_w && c.columns == c.width + c.taps_w - 1 &&
         RowTile(c, 1) != nullptr;
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
