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

// What a step does to one vector of channels, from channel c on, of one window. `result` is the
// offset of the pooled pixel. `valid` is a constant where the vector is full, so that loads need no
// tail.
template <class T, class Window>
struct Place {
  const Window2d& w;
  const Window& window;
  int64_t result, c, valid;

  Vector<T> LoadAt(const T* image, int64_t pixel) const {
    return LoadFirst(image + pixel + c, valid);
  }
  void StoreAt(T* image, int64_t pixel, Vector<T> v) const {
    StoreFirst(image + pixel + c, v, valid);
  }
  // Windows that meet add up.
  void AddAt(T* image, int64_t pixel, Vector<T> v) const {
    StoreAt(image, pixel, Window::kDisjoint ? v : LoadAt(image, pixel) + v);
  }
  T Share() const { return T{1} / static_cast<T>(w.kh * w.kw); }
};

struct Average {
  template <class T, class Window>
  static void Apply(const Image<T>& image, const Place<T, Window>& at) {
    Vector<T> sum = {};
    at.window.ForEach([&](int64_t pixel) { sum += at.LoadAt(image.a, pixel); });
    at.StoreAt(image.out, at.result, sum * at.Share());
  }
};

struct AverageGrad {
  template <class T, class Window>
  static void Apply(const Image<T>& image, const Place<T, Window>& at) {
    const Vector<T> share = at.LoadAt(image.a, at.result) * at.Share();
    at.window.ForEach([&](int64_t pixel) { at.AddAt(image.out, pixel, share); });
  }
};

// Where `x` displaces the greatest element so far: a NaN displaces numbers, so it is not lost.
template <class T>
inline VectorMask<T> Displaces(Vector<T> x, Vector<T> greatest) {
  return (x > greatest) | ((x != x) & (greatest == greatest));
}

template <class T>
inline Vector<T> LeastVector() {
  return Vector<T>{} - std::numeric_limits<T>::infinity();
}

// Which pixel of the window, counted as they are visited, is the first greatest in each channel.
template <class T, class Window>
inline VectorMask<T> FindGreatest(const T* image, const Place<T, Window>& at) {
  Vector<T> greatest = LeastVector<T>();
  VectorMask<T> found = {};
  VectorMask<T> ordinal = {};
  at.window.ForEach([&](int64_t pixel) {
    const Vector<T> here = at.LoadAt(image, pixel);
    const VectorMask<T> displaces = Displaces<T>(here, greatest);
    greatest = displaces ? here : greatest;
    found = displaces ? ordinal : found;
    ordinal += 1;
  });
  return found;
}

struct Max {
  template <class T, class Window>
  static void Apply(const Image<T>& image, const Place<T, Window>& at) {
    Vector<T> greatest = LeastVector<T>();
    at.window.ForEach([&](int64_t pixel) {
      const Vector<T> here = at.LoadAt(image.a, pixel);
      greatest = Displaces<T>(here, greatest) ? here : greatest;
    });
    at.StoreAt(image.out, at.result, greatest);
  }
};

struct MaxGrad {
  template <class T, class Window>
  static void Apply(const Image<T>& image, const Place<T, Window>& at) {
    const VectorMask<T> found = FindGreatest(image.a, at);
    const Vector<T> gradient = at.LoadAt(image.b, at.result);
    VectorMask<T> ordinal = {};
    at.window.ForEach([&](int64_t pixel) {
      at.AddAt(image.out, pixel, ordinal == found ? gradient : Vector<T>{});
      ordinal += 1;
    });
  }
};

struct MaxTangent {
  template <class T, class Window>
  static void Apply(const Image<T>& image, const Place<T, Window>& at) {
    const VectorMask<T> found = FindGreatest(image.a, at);
    Vector<T> tangent = {};
    VectorMask<T> ordinal = {};
    at.window.ForEach([&](int64_t pixel) {
      const Vector<T> here = at.LoadAt(image.b, pixel);
      tangent = ordinal == found ? here : tangent;
      ordinal += 1;
    });
    at.StoreAt(image.out, at.result, tangent);
  }
};

template <class T, class Operation, class Window>
void ForEachPlace(const Window2d& w, const Image<T>& image) {
  for (int64_t row = 0; row < w.oh; ++row) {
    for (int64_t column = 0; column < w.ow; ++column) {
      const Window window(w, row, column);
      const int64_t result = (row * w.ow + column) * w.c;
      int64_t c = 0;
      for (; c + kWidth<T> <= w.c; c += kWidth<T>) {
        Operation::Apply(image, Place<T, Window>{w, window, result, c, kWidth<T>});
      }
      if (c < w.c) Operation::Apply(image, Place<T, Window>{w, window, result, c, w.c - c});
    }
  }
}

// `kGradient` results are as large as the image; what no window covers is zero.
template <class T, class Operation, bool kGradient>
void PoolImage(const Window2d& w, const Image<T>& image) {
  const bool quads = QuadWindow::Fits(w);
  const bool covered = quads && w.h == 2 * w.oh && w.w == 2 * w.ow;
  if (kGradient && !covered) std::fill_n(image.out, w.h * w.w * w.c, T{0});
  if (quads) {
    ForEachPlace<T, Operation, QuadWindow>(w, image);
  } else {
    ForEachPlace<T, Operation, AnyWindow>(w, image);
  }
}

template <class T>
using ImageFunction = void (*)(const Window2d&, const Image<T>&);

template <class T>
ImageFunction<T> FunctionOf(PoolKind kind) {
  switch (kind) {
    case PoolKind::kAvg:
      return PoolImage<T, Average, false>;
    case PoolKind::kAvgGrad:
      return PoolImage<T, AverageGrad, true>;
    case PoolKind::kMax:
      return PoolImage<T, Max, false>;
    case PoolKind::kMaxGrad:
      return PoolImage<T, MaxGrad, true>;
    case PoolKind::kMaxTangent:
      return PoolImage<T, MaxTangent, false>;
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
