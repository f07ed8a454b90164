// Pooling and its derivatives, vectorised over channels. Images are the units
// of work; each image is written by one task.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "cpu/kernels/conv_tasks.h"
#include "cpu/kernels/entries.h"
#include "cpu/kernels/pool_window.h"
#include "cpu/kernels/structured_vector.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// One image of each operand.
template <class T>
struct Image {
  const T* a;
  const T* b;
  T* out;
};

// Calls visit(first channel, channels) for each vector of channels; `visit` gets a full vector as
// a constant, so that its loads need no tail.
template <class T, class Visit>
inline void ForEachVector(int64_t channels, Visit visit) {
  int64_t c = 0;
  for (; c + kWidth<T> <= channels; c += kWidth<T>) visit(c, int64_t{kWidth<T>});
  if (c < channels) visit(c, channels - c);
}

template <class T>
void Average(const Window2d& w, const Image<T>& image) {
  const T scale = T{1} / static_cast<T>(w.kh * w.kw);
  ForEachWindow(w, [&](const PoolWindow& window, int64_t result) {
    ForEachVector<T>(w.c, [&](int64_t c, int64_t valid) {
      Vector<T> sum = {};
      ForEachPixel(w, window, [&](int64_t pixel) { sum += LoadFirst(image.a + pixel + c, valid); });
      StoreFirst(image.out + result + c, sum * scale, valid);
    });
  });
}

// Windows that meet add up.
template <class T>
inline void AddTo(T* to, Vector<T> v, int64_t valid) {
  StoreFirst(to, LoadFirst(to, valid) + v, valid);
}

template <class T>
void AverageGrad(const Window2d& w, const Image<T>& image) {
  const T scale = T{1} / static_cast<T>(w.kh * w.kw);
  std::fill_n(image.out, w.h * w.w * w.c, T{0});
  ForEachWindow(w, [&](const PoolWindow& window, int64_t result) {
    ForEachVector<T>(w.c, [&](int64_t c, int64_t valid) {
      const Vector<T> share = LoadFirst(image.a + result + c, valid) * scale;
      ForEachPixel(w, window, [&](int64_t pixel) { AddTo(image.out + pixel + c, share, valid); });
    });
  });
}

// Where `x` displaces the greatest element so far: a NaN displaces numbers, so it is not lost.
template <class T>
inline VectorMask<T> Displaces(Vector<T> x, Vector<T> greatest) {
  return (x > greatest) | ((x != x) & (greatest == greatest));
}

// The greatest element of a window for each channel, and the offset of its first occurrence as a
// count of visited pixels.
template <class T>
struct Greatest {
  Vector<T> value;
  VectorMask<T> ordinal;
};

template <class T>
inline Greatest<T> FindGreatest(const Window2d& w, const PoolWindow& window, const T* x,
                                int64_t valid) {
  Greatest<T> best;
  best.value = Vector<T>{} - std::numeric_limits<T>::infinity();
  best.ordinal = VectorMask<T>{};
  VectorMask<T> ordinal = {};
  ForEachPixel(w, window, [&](int64_t pixel) {
    const Vector<T> here = LoadFirst(x + pixel, valid);
    const VectorMask<T> displaces = Displaces<T>(here, best.value);
    best.value = displaces ? here : best.value;
    best.ordinal = displaces ? ordinal : best.ordinal;
    ordinal += 1;
  });
  return best;
}

template <class T>
void Max(const Window2d& w, const Image<T>& image) {
  ForEachWindow(w, [&](const PoolWindow& window, int64_t result) {
    ForEachVector<T>(w.c, [&](int64_t c, int64_t valid) {
      Vector<T> best = Vector<T>{} - std::numeric_limits<T>::infinity();
      ForEachPixel(w, window, [&](int64_t pixel) {
        const Vector<T> here = LoadFirst(image.a + pixel + c, valid);
        best = Displaces<T>(here, best) ? here : best;
      });
      StoreFirst(image.out + result + c, best, valid);
    });
  });
}

template <class T>
void MaxGrad(const Window2d& w, const Image<T>& image) {
  std::fill_n(image.out, w.h * w.w * w.c, T{0});
  ForEachWindow(w, [&](const PoolWindow& window, int64_t result) {
    ForEachVector<T>(w.c, [&](int64_t c, int64_t valid) {
      const Greatest<T> best = FindGreatest(w, window, image.a + c, valid);
      const Vector<T> gradient = LoadFirst(image.b + result + c, valid);
      VectorMask<T> ordinal = {};
      ForEachPixel(w, window, [&](int64_t pixel) {
        const Vector<T> share = ordinal == best.ordinal ? gradient : Vector<T>{};
        AddTo(image.out + pixel + c, share, valid);
        ordinal += 1;
      });
    });
  });
}

template <class T>
void MaxTangent(const Window2d& w, const Image<T>& image) {
  ForEachWindow(w, [&](const PoolWindow& window, int64_t result) {
    ForEachVector<T>(w.c, [&](int64_t c, int64_t valid) {
      const Greatest<T> best = FindGreatest(w, window, image.a + c, valid);
      Vector<T> tangent = {};
      VectorMask<T> ordinal = {};
      ForEachPixel(w, window, [&](int64_t pixel) {
        const Vector<T> here = LoadFirst(image.b + pixel + c, valid);
        tangent = ordinal == best.ordinal ? here : tangent;
        ordinal += 1;
      });
      StoreFirst(image.out + result + c, tangent, valid);
    });
  });
}

template <class T>
using ImageFunction = void (*)(const Window2d&, const Image<T>&);

template <class T>
ImageFunction<T> FunctionOf(PoolKind kind) {
  switch (kind) {
    case PoolKind::kAvg:
      return Average<T>;
    case PoolKind::kAvgGrad:
      return AverageGrad<T>;
    case PoolKind::kMax:
      return Max<T>;
    case PoolKind::kMaxGrad:
      return MaxGrad<T>;
    case PoolKind::kMaxTangent:
      return MaxTangent<T>;
  }
  return nullptr;
}

// A pixel of a window costs about as much as this many multiply-adds of a convolution.
constexpr double kFlopsPerPixel = 32;

template <class T>
void PoolOf(const PoolStep& step, const Context& context) {
  const Window2d& w = step.window;
  const int64_t full = w.h * w.w * w.c;
  const int64_t pooled = w.oh * w.ow * w.c;
  const bool has_b = step.kind == PoolKind::kMaxGrad || step.kind == PoolKind::kMaxTangent;
  const bool gradient = step.kind == PoolKind::kAvgGrad || step.kind == PoolKind::kMaxGrad;
  const int64_t a_size = step.kind == PoolKind::kAvgGrad ? pooled : full;
  const int64_t b_size = step.kind == PoolKind::kMaxGrad ? pooled : full;
  const int64_t out_size = gradient ? full : pooled;
  const T* a = context.At<T>(step.a.ref);
  const T* b = has_b ? context.At<T>(step.b.ref) : nullptr;
  T* out = context.At<T>(step.out.ref);
  const ImageFunction<T> run = FunctionOf<T>(step.kind);

  const int64_t images = step.lanes * w.n;
  const double work = static_cast<double>(images * (pooled * w.kh * w.kw + full)) * kFlopsPerPixel;
  const int64_t tasks = TasksFor(work, images);
  const auto task = [&](int64_t index, int) {
    const int64_t end = PartBegin(images, tasks, index + 1);
    for (int64_t i = PartBegin(images, tasks, index); i < end; ++i) {
      const int64_t lane = i / w.n;
      const int64_t n = i % w.n;
      run(w, {a + lane * step.a.lane_stride + n * a_size,
              has_b ? b + lane * step.b.lane_stride + n * b_size : nullptr,
              out + lane * step.out.lane_stride + n * out_size});
    }
  };
  if (images > 0) context.pool->Run(tasks, task);
}

}  // namespace

void Pool(const PoolStep& step, const Context& context) {
  if (step.dtype == DType::kFloat64) {
    PoolOf<double>(step, context);
  } else {
    PoolOf<float>(step, context);
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
