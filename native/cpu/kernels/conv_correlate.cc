#include "cpu/kernels/conv_correlate.h"

#include <algorithm>

#include "cpu/kernels/conv_cover.h"
#include "cpu/kernels/conv_image.h"
#include "cpu/kernels/conv_tasks.h"

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

template <class T>
const TileTable<T>& PixelTable(int64_t vectors) {
  switch (vectors) {
    case 1:
      return kTileTable<T, PixelTiles, 1, false>;
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
  Correlator(const Correlation<T>& c, ThreadPool& pool) : c_(c), pool_(pool) {
    // A source shared by lanes with kernels of their own is read once, for the channels of all
    // lanes.
    side_by_side_ = c.lanes > 1 && c.source_lane_stride == 0 && c.weights_lane_stride != 0;
    const bool own_weights = c.lanes > 1 && c.weights_lane_stride != 0;
    column_lanes_ = side_by_side_ ? c.lanes : 1;
    image_lanes_ = side_by_side_ ? 1 : c.lanes;
    weight_sets_ = own_weights && !side_by_side_ ? c.lanes : 1;
    lane_vectors_ = VectorsFor<T>(c.result_channels);
    vectors_ = lane_vectors_ * column_lanes_;
    group_ = vectors_ % 3 == 0 ? 3 : std::min<int64_t>(vectors_, 2);
    depth_ = c.taps_h * c.taps_w * c.channels;
    ChooseBands();
    for (int part = 0; part < 2; ++part) {
      const int64_t group = part ? vectors_ % std::max<int64_t>(group_, 1) : group_;
      const int64_t last_rows = c.rows - (bands_ - 1) * band_rows_;
      if (group == 0) continue;
      covers_[part][0] = Cover(PixelTable<T>(group), group, band_rows_, c.columns);
      covers_[part][1] = Cover(PixelTable<T>(group), group, last_rows, c.columns);
    }
  }

  void Run() {
    const int64_t items = image_lanes_ * c_.images * bands_;
    if (items == 0 || c_.rows == 0 || c_.columns == 0 || vectors_ == 0) return;
    const int64_t set_size = depth_ * vectors_ * kWidth<T>;
    const size_t shared = CacheLines(weight_sets_ * set_size * static_cast<int64_t>(sizeof(T)));
    const size_t own = copies_ ? CacheLines(crop_size_ * static_cast<int64_t>(sizeof(T))) : 0;
    std::byte* scratch = pool_.Scratch(0, shared + own);
    T* packed = reinterpret_cast<T*>(scratch);
    for (int64_t set = 0; set < weight_sets_; ++set) Pack(set, packed + set * set_size);

    const double flops = 2.0 *
                         static_cast<double>(image_lanes_ * c_.images * c_.rows * c_.columns) *
                         static_cast<double>(depth_ * vectors_ * kWidth<T>);
    const int64_t tasks = TasksFor(flops, items);
    const auto task = [&](int64_t index, int worker) {
      T* copy = nullptr;
      if (copies_) {
        copy = reinterpret_cast<T*>(worker == 0 ? scratch + shared : pool_.Scratch(worker, own));
      }
      const int64_t end = PartBegin(items, tasks, index + 1);
      for (int64_t item = PartBegin(items, tasks, index); item < end; ++item) {
        const int64_t lane = item / bands_ / c_.images;
        const T* weights = packed + (weight_sets_ > 1 ? lane : 0) * set_size;
        Item(lane, item / bands_ % c_.images, item % bands_, weights, copy);
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
    copies_ = depth_ > 0 && !all.Inside(c_.height, c_.width);
  }

  int64_t GroupSize(int64_t first_vector) const {
    return std::min<int64_t>(group_, vectors_ - first_vector);
  }

  int64_t ValidIn(int64_t vector) const {
    const int64_t first = vector % lane_vectors_ * kWidth<T>;
    return std::min<int64_t>(kWidth<T>, c_.result_channels - first);
  }

  // Lays the kernel out as the tiles read it: groups of vectors, each tap by tap.
  void Pack(int64_t set, T* to) const {
    for (int64_t first = 0; first < vectors_; first += group_) {
      const int64_t group = GroupSize(first);
      for (int64_t i = 0; i < c_.taps_h; ++i) {
        for (int64_t j = 0; j < c_.taps_w; ++j) {
          for (int64_t k = 0; k < c_.channels; ++k) {
            for (int64_t v = first; v < first + group; ++v) {
              const int64_t lane = side_by_side_ ? v / lane_vectors_ : set;
              PackVector(c_.weights + lane * c_.weights_lane_stride + i * c_.tap_row_step +
                             j * c_.tap_step + k * c_.channel_step +
                             v % lane_vectors_ * kWidth<T> * c_.result_channel_step,
                         ValidIn(v), to);
              to += kWidth<T>;
            }
          }
        }
      }
    }
  }

  void PackVector(const T* from, int64_t valid, T* to) const {
    if (c_.result_channel_step == 1) {
      Store(to, LoadFirst(from, valid));
      return;
    }
    for (int64_t e = 0; e < kWidth<T>; ++e) {
      to[e] = e < valid ? from[e * c_.result_channel_step] : T{0};
    }
  }

  void Item(int64_t lane, int64_t image, int64_t band, const T* weights, T* copy) const {
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
    } else if (depth_ > 0) {
      source += crop.top * source_row + crop.left * c_.channels;
    }
    T* result = c_.result + lane * c_.result_lane_stride + image * c_.result_image_step +
                first_row * c_.result_row_step;
    for (int64_t first = 0; first < vectors_; first += group_) {
      Group(first, source, source_row, crop.top, weights + first * depth_ * kWidth<T>, result,
            rows);
    }
  }

  void Group(int64_t first, const T* source, int64_t source_row, int64_t top, const T* weights,
             T* result, int64_t rows) const {
    const int64_t group = GroupSize(first);
    const int64_t step = group * kWidth<T>;
    const int64_t tap_row = c_.taps_w * c_.channels;
    TileArguments<T> args;
    args.loops = {{0, 0, 1}, {source_row, tap_row * step, 0}, {1, step, tap_row}};
    args.a_row_step = source_row * c_.stride_h;
    args.a_step = c_.channels * c_.stride_w;
    args.out_row_step = c_.result_row_step;
    args.out_step = c_.result_step;
    args.accumulate = c_.accumulate;
    T* outs[kMaxTileVectors];
    for (int64_t v = 0; v < group; ++v) {
      const int64_t vector = first + v;
      args.columns[v].valid = ValidIn(vector);
      outs[v] = result + vector / lane_vectors_ * c_.result_lane_stride +
                vector % lane_vectors_ * kWidth<T>;
    }
    const TileTable<T>& table = PixelTable<T>(group);
    covers_[group != group_][rows != band_rows_].ForEach(
        [&](int64_t row, int tile_rows, int64_t entry, int entries) {
          // Rows of taps that meet only the border, for all rows of the tile, add nothing.
          const int64_t first_y = top + row * c_.stride_h;
          const int64_t last_y = first_y + (tile_rows - 1) * c_.stride_h;
          const int64_t tap_begin = std::clamp<int64_t>(-last_y, 0, c_.taps_h);
          const int64_t tap_end = std::clamp<int64_t>(c_.height - first_y, tap_begin, c_.taps_h);
          args.loops.middle.count = tap_end - tap_begin;
          args.a = source + row * args.a_row_step + tap_begin * source_row + entry * args.a_step;
          for (int64_t v = 0; v < group; ++v) {
            args.columns[v].b = weights + tap_begin * tap_row * step + v * kWidth<T>;
            args.columns[v].out = outs[v] + row * args.out_row_step + entry * args.out_step;
          }
          table[tile_rows][entries](args);
        });
  }

  const Correlation<T>& c_;
  ThreadPool& pool_;
  bool side_by_side_;
  int64_t column_lanes_, image_lanes_, weight_sets_;
  int64_t lane_vectors_, vectors_, group_;
  int64_t depth_;
  int64_t crop_columns_, crop_size_, band_rows_, bands_;
  bool copies_;
  Cover covers_[2][2];  // [the last group, if smaller][the last band, if smaller]
};

}  // namespace

template <class T>
void Correlate(const Correlation<T>& correlation, ThreadPool& pool) {
  Correlator<T>(correlation, pool).Run();
}

template void Correlate(const Correlation<float>&, ThreadPool&);
template void Correlate(const Correlation<double>&, ThreadPool&);

}  // namespace glocal::cpu::GLOCAL_SIMD
