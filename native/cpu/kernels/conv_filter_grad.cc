// The filter gradient keeps a block of w̄ (taps and channels × output channels)
// in registers and sums over pixels. Parts of the batch give partial sums, which
// are added in a fixed order.
#include <algorithm>

#include "cpu/kernels/conv_cover.h"
#include "cpu/kernels/conv_image.h"
#include "cpu/kernels/conv_internal.h"
#include "cpu/kernels/conv_tasks.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// Tiles of kernel rows × (taps and channels in a row). Several rows only where a whole row is
// short.
struct TapTiles {
  static constexpr bool Has(int rows, int entries) {
    if (rows != 1 && rows != 3 && rows != 5) return false;
    if (rows > 1) return entries <= 5 || entries == 9;
    constexpr int kEntries[] = {1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 20, 24};
    for (int e : kEntries) {
      if (e == entries) return true;
    }
    return false;
  }
};

template <class T>
const TileTable<T>& TapTable(int64_t vectors) {
  switch (vectors) {
    case 1:
      return kTileTable<T, TapTiles, 1, true>;
    case 2:
      return kTileTable<T, TapTiles, 2, true>;
    default:
      return kTileTable<T, TapTiles, 3, true>;
  }
}

// Pixels of x and ȳ that are summed in one go: they stay in the L1 cache for all tiles, or for a
// big filter, which passes through the registers once for each chunk, at least in the L2 cache.
constexpr int64_t kLeastChunkBytes = 32 * 1024;
constexpr int64_t kMostChunkBytes = 256 * 1024;
// Partial sums of one lane; fixed, so that the order of addition is.
constexpr int64_t kMostParts = 16;
constexpr int64_t kMostPartialBytes = int64_t{64} << 20;
// Pixels of a part: fewer take no longer than adding its partial sum to the others.
constexpr int64_t kLeastPartPixels = 512;

template <class T>
class FilterGradient {
 public:
  FilterGradient(const ConvStep& step, const Context& context)
      : step_(step), w_(step.window), pool_(*context.pool) {
    x_ = context.At<T>(step.a.ref);
    y_ = context.At<T>(step.b.ref);
    out_ = context.At<T>(step.out.ref);
    vectors_ = VectorsFor<T>(w_.o);
    group_ = vectors_ % 3 == 0 ? 3 : std::min<int64_t>(vectors_, 2);
    row_entries_ = w_.kw * w_.c;
    filter_size_ = w_.kh * row_entries_ * w_.o;
    ChooseChunks();
    for (int part = 0; part < 2; ++part) {
      const int64_t group = part ? vectors_ % std::max<int64_t>(group_, 1) : group_;
      if (group > 0) covers_[part] = &CoverOf(TapTable<T>(group), group, w_.kh, row_entries_);
    }
  }

  void Run() {
    if (step_.lanes == 0 || filter_size_ == 0) return;
    const double flops = 2.0 * static_cast<double>(w_.n * w_.oh * w_.ow) *
                         static_cast<double>(w_.kh * row_entries_ * vectors_ * kWidth<T>);
    const int64_t partial_bytes = filter_size_ * static_cast<int64_t>(sizeof(T));
    const int64_t most = std::min({kMostParts, chunks_, w_.n * w_.oh * w_.ow / kLeastPartPixels,
                                   kMostPartialBytes / (partial_bytes * step_.lanes)});
    parts_ = TasksFor(flops, most);
    const size_t partials = parts_ > 1 ? CacheLines(partial_bytes * parts_ * step_.lanes) : 0;
    const size_t x_bytes = copies_x_ ? CacheLines(chunk_x_ * static_cast<int64_t>(sizeof(T))) : 0;
    const size_t y_bytes = copies_y_ ? CacheLines(chunk_y_ * static_cast<int64_t>(sizeof(T))) : 0;
    std::byte* shared = pool_.Scratch(0, partials + x_bytes + y_bytes);

    const auto task = [&](int64_t index, int worker) {
      const int64_t lane = index / parts_;
      std::byte* own = worker == 0 ? shared + partials : pool_.Scratch(worker, x_bytes + y_bytes);
      T* to = parts_ > 1 ? reinterpret_cast<T*>(shared) + index * filter_size_
                         : out_ + lane * step_.out.lane_stride;
      Part(lane, index % parts_, to, reinterpret_cast<T*>(own),
           reinterpret_cast<T*>(own + x_bytes));
    };
    pool_.Run(step_.lanes * parts_, task);
    if (parts_ > 1) AddPartials(reinterpret_cast<const T*>(shared));
  }

 private:
  void ChooseChunks() {
    crop_columns_ = (w_.ow - 1) * w_.stride_w + w_.kw;
    const Crop all{-w_.pad_top, -w_.pad_left, (w_.oh - 1) * w_.stride_h + w_.kh, crop_columns_};
    copies_x_ = !all.Inside(w_.h, w_.w);
    copies_y_ = w_.o % kWidth<T> != 0;
    y_pixel_ = copies_y_ ? vectors_ * kWidth<T> : w_.o;
    const int64_t row_bytes = static_cast<int64_t>(sizeof(T)) *
                              (w_.stride_h * crop_columns_ * w_.c + w_.ow * vectors_ * kWidth<T>);
    const int64_t chunk_bytes = std::clamp(filter_size_ * static_cast<int64_t>(sizeof(T)) / 4,
                                           kLeastChunkBytes, kMostChunkBytes);
    const int64_t fitting = std::max<int64_t>(chunk_bytes / std::max<int64_t>(row_bytes, 1), 4);
    const int64_t rows = std::max<int64_t>(w_.oh, 1);
    bands_ = (rows + fitting - 1) / fitting;
    band_rows_ = (rows + bands_ - 1) / bands_;
    chunk_images_ =
        bands_ > 1 ? 1 : std::clamp<int64_t>(fitting / rows, 1, std::max<int64_t>(w_.n, 1));
    chunks_ = bands_ > 1 ? w_.n * bands_ : (w_.n + chunk_images_ - 1) / chunk_images_;
    crop_size_ = ((band_rows_ - 1) * w_.stride_h + w_.kh) * crop_columns_ * w_.c;
    chunk_x_ = crop_size_ * chunk_images_;
    chunk_y_ = chunk_images_ * band_rows_ * w_.ow * y_pixel_;
  }

  // Sums the chunks of one part into `to`, which is out itself or a partial sum.
  void Part(int64_t lane, int64_t part, T* to, T* x_copy, T* y_copy) const {
    bool accumulate = parts_ == 1 && step_.accumulate;
    const int64_t begin = PartBegin(chunks_, parts_, part);
    const int64_t end = PartBegin(chunks_, parts_, part + 1);
    if (begin == end && !accumulate) std::fill_n(to, filter_size_, T{0});
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      Chunk(lane, chunk, to, accumulate, x_copy, y_copy);
      accumulate = true;
    }
  }

  void Chunk(int64_t lane, int64_t chunk, T* to, bool accumulate, T* x_copy, T* y_copy) const {
    const int64_t image = bands_ > 1 ? chunk / bands_ : chunk * chunk_images_;
    const int64_t images = std::min(chunk_images_, w_.n - image);
    const int64_t row = bands_ > 1 ? chunk % bands_ * band_rows_ : 0;
    const int64_t rows = std::min(band_rows_, w_.oh - row);
    if (rows <= 0) {
      if (!accumulate) std::fill_n(to, filter_size_, T{0});
      return;
    }
    SumLoops loops;
    loops.outer.count = images;
    loops.middle.count = rows;
    loops.inner.count = w_.ow;

    const int64_t image_size = w_.h * w_.w * w_.c;
    const T* x = x_ + lane * step_.a.lane_stride + image * image_size;
    const Crop crop{row * w_.stride_h - w_.pad_top, -w_.pad_left, (rows - 1) * w_.stride_h + w_.kh,
                    crop_columns_};
    int64_t x_row = w_.w * w_.c;
    if (copies_x_) {
      for (int64_t i = 0; i < images; ++i) {
        CopyCrop(x + i * image_size, w_.h, w_.w, w_.c, crop, x_copy + i * crop_size_);
      }
      x = x_copy;
      x_row = crop_columns_ * w_.c;
      loops.outer.a = crop_size_;
    } else {
      x += crop.top * x_row + crop.left * w_.c;
      loops.outer.a = image_size;
    }
    loops.middle.a = x_row * w_.stride_h;
    loops.inner.a = w_.c * w_.stride_w;

    const int64_t y_image = w_.oh * w_.ow * w_.o;
    const T* y = y_ + lane * step_.b.lane_stride + image * y_image + row * w_.ow * w_.o;
    loops.outer.b = y_image;
    if (copies_y_) {
      loops.outer.b = rows * w_.ow * y_pixel_;
      for (int64_t i = 0; i < images; ++i) {
        CopyPadded(y + i * y_image, rows * w_.ow, y_copy + i * loops.outer.b);
      }
      y = y_copy;
    }
    loops.middle.b = w_.ow * y_pixel_;
    loops.inner.b = y_pixel_;
    Tiles(loops, x, x_row, y, to, accumulate);
  }

  // Copies ȳ with the channels filled up to whole vectors.
  void CopyPadded(const T* y, int64_t pixels, T* to) const {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t v = 0; v < vectors_; ++v) {
        const int64_t first = v * kWidth<T>;
        Store(to, LoadFirst(y + pixel * w_.o + first, w_.o - first));
        to += kWidth<T>;
      }
    }
  }

  void Tiles(const SumLoops& loops, const T* x, int64_t x_row, const T* y, T* to,
             bool accumulate) const {
    TileArguments<T> args;
    args.loops = loops;
    args.a_row_step = x_row;
    args.a_step = 1;
    args.out_row_step = row_entries_ * w_.o;
    args.out_step = w_.o;
    args.accumulate = accumulate;
    for (int64_t first = 0; first < vectors_; first += group_) {
      const int64_t group = std::min(group_, vectors_ - first);
      T* outs[kMaxTileVectors];
      for (int64_t v = 0; v < group; ++v) {
        const int64_t channel = (first + v) * kWidth<T>;
        args.columns[v].b = y + channel;
        args.columns[v].valid = std::min<int64_t>(kWidth<T>, w_.o - channel);
        outs[v] = to + channel;
      }
      const TileTable<T>& table = TapTable<T>(group);
      covers_[group != group_]->ForEach([&](int64_t row, int rows, int64_t entry, int entries) {
        args.a = x + row * x_row + entry;
        for (int64_t v = 0; v < group; ++v) {
          args.columns[v].out = outs[v] + row * args.out_row_step + entry * args.out_step;
        }
        table[rows][entries](args);
      });
    }
  }

  void AddPartials(const T* partials) const {
    constexpr int64_t kBlock = 8192;
    const int64_t blocks = (filter_size_ + kBlock - 1) / kBlock;
    const auto task = [&](int64_t index, int) {
      const int64_t begin = index % blocks * kBlock;
      const int64_t end = std::min(begin + kBlock, filter_size_);
      const int64_t lane = index / blocks;
      const T* from = partials + lane * parts_ * filter_size_;
      T* out = out_ + lane * step_.out.lane_stride;
      for (int64_t e = begin; e < end; e += kWidth<T>) {
        const int64_t valid = end - e;
        Vector<T> sum = LoadFirst(from + e, valid);
        for (int64_t part = 1; part < parts_; ++part) {
          sum += LoadFirst(from + part * filter_size_ + e, valid);
        }
        if (step_.accumulate) sum += LoadFirst(out + e, valid);
        StoreFirst(out + e, sum, valid);
      }
    };
    pool_.Run(step_.lanes * blocks, task);
  }

  const ConvStep& step_;
  const Window2d& w_;
  ThreadPool& pool_;
  const T* x_;
  const T* y_;
  T* out_;
  int64_t vectors_, group_;
  int64_t row_entries_, filter_size_;
  int64_t crop_columns_, crop_size_, band_rows_, bands_;
  int64_t chunk_images_, chunks_, chunk_x_, chunk_y_, y_pixel_;
  int64_t parts_ = 1;
  bool copies_x_, copies_y_;
  const Cover* covers_[2] = {};  // [the last group, if smaller]
};

}  // namespace

template <class T>
void ConvFilterGrad(const ConvStep& step, const Context& context) {
  FilterGradient<T>(step, context).Run();
}

template void ConvFilterGrad<float>(const ConvStep&, const Context&);
template void ConvFilterGrad<double>(const ConvStep&, const Context&);

}  // namespace glocal::cpu::GLOCAL_SIMD
