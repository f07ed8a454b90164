#include "cpu/kernels/conv_correlate.h"

#include <algorithm>

#include "cpu/kernels/conv_cover.h"
#include "cpu/kernels/conv_image.h"
#include "cpu/kernels/conv_spread.h"
#include "cpu/kernels/conv_strip.h"
#include "cpu/kernels/conv_tasks.h"
#include "cpu/kernels/conv_weights.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// Tiles of output rows × pixels: the widths of common images and their halves.
struct PixelTiles {
  static constexpr bool Has(int rows, int entries) {
    constexpr int kEntries[] = {1, 2, 4, 6, 7, 8, 12, 14, 16, 24};
    if (rows > 3) return false;
    for (int e : kEntries) {
      if (e == entries) return true;
    }
    return false;
  }
};

// Strips are best several rows high: one row's sums would wait for each other.
struct StripTiles {
  static constexpr bool Has(int rows, int entries) {
    return entries <= 12 && PixelTiles::Has(rows, entries);
  }
};

template <class T>
const TileTable<T>& PixelTable(const Correlation<T>& c, int64_t vectors) {
  switch (vectors) {
    case 1: {
      const auto* strips = StripTableFor<T, StripTiles, Ends::kInside>(c.taps_w, c.stride_w);
      return strips ? *strips : kTileTable<T, PixelTiles, 1, false>;
    }
    case 2:
      return kTileTable<T, PixelTiles, 2, false>;
    default:
      return kTileTable<T, PixelTiles, 3, false>;
  }
}

// Source rows of a band of results are copied when they need a border; a band fits the L2 cache.
constexpr int64_t kBandBytes = 256 * 1024;

template <class T>
class Correlator {
 public:
  Correlator(const Correlation<T>& c, ThreadPool& pool) : c_(c), pool_(pool), weights_(c) {
    image_lanes_ = weights_.side_by_side() ? 1 : c.lanes;
    has_taps_ = c.taps_h * c.taps_w * c.channels > 0;
    ChooseBands();
    if (weights_.vectors() == 0) return;
    const int64_t last_rows = c.rows - (bands_ - 1) * band_rows_;
    const int64_t groups[] = {weights_.Group(0), weights_.vectors() % weights_.Group(0)};
    for (int part = 0; part < 2; ++part) {
      const int64_t group = groups[part];
      if (group == 0) continue;
      covers_[part][0] = &CoverOf(PixelTable(c, group), group, band_rows_, c.columns);
      covers_[part][1] = &CoverOf(PixelTable(c, group), group, last_rows, c.columns);
    }
  }

  void Run() {
    const int64_t items = image_lanes_ * c_.images * bands_;
    if (items == 0 || c_.rows == 0 || c_.columns == 0 || weights_.vectors() == 0) return;
    const size_t shared = CacheLines(weights_.PackedSize() * static_cast<int64_t>(sizeof(T)));
    const size_t own = copies_ ? CacheLines(crop_size_ * static_cast<int64_t>(sizeof(T))) : 0;
    std::byte* scratch = pool_.Scratch(0, shared + own);
    weights_.Pack(reinterpret_cast<T*>(scratch));

    const double flops =
        2.0 * static_cast<double>(image_lanes_ * c_.images * c_.rows * c_.columns) *
        static_cast<double>(c_.taps_h * c_.taps_w * c_.channels * weights_.vectors() * kWidth<T>);
    const int64_t tasks = TasksFor(flops, items);
    const auto task = [&](int64_t index, int worker) {
      T* copy = nullptr;
      if (copies_) {
        copy = reinterpret_cast<T*>(worker == 0 ? scratch + shared : pool_.Scratch(worker, own));
      }
      const int64_t end = PartBegin(items, tasks, index + 1);
      for (int64_t item = PartBegin(items, tasks, index); item < end; ++item) {
        const int64_t lane = item / bands_ / c_.images;
        Item(lane, item / bands_ % c_.images, item % bands_, copy);
      }
    };
    pool_.Run(tasks, task);
  }

 private:
  void ChooseBands() {
    crop_columns_ = (c_.columns - 1) * c_.stride_w + c_.taps_w;
    const int64_t row_bytes =
        std::max<int64_t>(crop_columns_ * c_.channels * static_cast<int64_t>(sizeof(T)), 1);
    const int64_t fitting = (kBandBytes / row_bytes - c_.taps_h) / c_.stride_h + 1;
    band_rows_ =
        std::clamp<int64_t>(fitting, std::min<int64_t>(c_.rows, 8), std::max<int64_t>(c_.rows, 1));
    bands_ = c_.rows == 0 ? 0 : (c_.rows + band_rows_ - 1) / band_rows_;
    crop_size_ = ((band_rows_ - 1) * c_.stride_h + c_.taps_h) * crop_columns_ * c_.channels;
    const Crop all{c_.origin_y, c_.origin_x, (c_.rows - 1) * c_.stride_h + c_.taps_h,
                   crop_columns_};
    copies_ = has_taps_ && !all.Inside(c_.height, c_.width);
  }

  void Item(int64_t lane, int64_t image, int64_t band, T* copy) const {
    const int64_t first_row = band * band_rows_;
    const int64_t rows = std::min(band_rows_, c_.rows - first_row);
    const T* source =
        c_.source + lane * c_.source_lane_stride + image * c_.height * c_.width * c_.channels;
    const Crop crop{c_.origin_y + first_row * c_.stride_h, c_.origin_x,
                    (rows - 1) * c_.stride_h + c_.taps_h, crop_columns_};
    int64_t source_row = c_.width * c_.channels;
    if (copies_) {
      CopyCrop(source, c_.height, c_.width, c_.channels, crop, copy);
      source = copy;
      source_row = crop_columns_ * c_.channels;
    } else if (has_taps_) {
      source += crop.top * source_row + crop.left * c_.channels;
    }
    T* result = c_.result + lane * c_.result_lane_stride + image * c_.result_image_step +
                first_row * c_.result_row_step;
    for (int64_t first = 0; first < weights_.vectors(); first += weights_.Group(first)) {
      Group(lane, first, source, source_row, crop.top, result, rows);
    }
  }

  void Group(int64_t lane, int64_t first, const T* source, int64_t source_row, int64_t top,
             T* result, int64_t rows) const {
    const int64_t group = weights_.Group(first);
    TileArguments<T> args;
    args.loops = {{0, 0, 1},
                  {source_row, weights_.TapRowStep(first), 0},
                  {1, weights_.Step(first), c_.taps_w * c_.channels}};
    args.a_row_step = source_row * c_.stride_h;
    args.a_step = c_.channels * c_.stride_w;
    args.out_row_step = c_.result_row_step;
    args.out_step = c_.result_step;
    args.accumulate = c_.accumulate;
    T* outs[kMaxTileVectors];
    for (int64_t v = 0; v < group; ++v) {
      const int64_t vector = first + v;
      args.columns[v].valid = weights_.Valid(vector);
      outs[v] = result + vector / weights_.lane_vectors() * c_.result_lane_stride +
                vector % weights_.lane_vectors() * kWidth<T>;
    }
    const TileTable<T>& table = PixelTable(c_, group);
    covers_[group != weights_.Group(0)][rows != band_rows_]->ForEach(
        [&](int64_t row, int tile_rows, int64_t entry, int entries) {
          // Rows of taps that meet only the border, for all rows of the tile, add nothing.
          const int64_t first_y = top + row * c_.stride_h;
          const int64_t last_y = first_y + (tile_rows - 1) * c_.stride_h;
          const int64_t tap_begin = std::clamp<int64_t>(-last_y, 0, c_.taps_h);
          const int64_t tap_end = std::clamp<int64_t>(c_.height - first_y, tap_begin, c_.taps_h);
          args.loops.middle.count = tap_end - tap_begin;
          args.a = source + row * args.a_row_step + tap_begin * source_row + entry * args.a_step;
          for (int64_t v = 0; v < group; ++v) {
            args.columns[v].b = weights_.At(lane, first + v, tap_begin);
            args.columns[v].out = outs[v] + row * args.out_row_step + entry * args.out_step;
          }
          table[tile_rows][entries](args);
        });
  }

  const Correlation<T>& c_;
  ThreadPool& pool_;
  Weights<T> weights_;
  int64_t image_lanes_;
  bool has_taps_;
  int64_t crop_columns_, crop_size_, band_rows_, bands_;
  bool copies_;
  const Cover* covers_[2][2] = {};  // [the last group, if smaller][the last band, if smaller]
};

}  // namespace

template <class T>
void Correlate(const Correlation<T>& correlation, ThreadPool& pool) {
  if (CanSpread(correlation)) return Spread(correlation, pool);
  Correlator<T>(correlation, pool).Run();
}

template void Correlate(const Correlation<float>&, ThreadPool&);
template void Correlate(const Correlation<double>&, ThreadPool&);

}  // namespace glocal::cpu::GLOCAL_SIMD
