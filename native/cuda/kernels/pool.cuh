// What a pooling kernel is told, and the element that a thread makes. The struct is a kernel
// parameter: all members take 8 bytes, and lib/lower/cuda/structured.ts lists them in this order.
#pragma once

inline constexpr int kPoolThreads = 256;

template <class T>
struct PoolTask {
  long long n, h, w, c, kh, kw, strideH, strideW, padTop, padLeft, oh, ow;
  const T* a;
  long long aLane;
  const T* b;
  long long bLane;
  T* out;
  long long outLane;
};

// Pixels [top, bottom) × [left, right): of an image under a window, or windows over a pixel.
struct Span {
  int top, bottom, left, right;
};

__device__ __forceinline__ int larger(int a, int b) { return a > b ? a : b; }
__device__ __forceinline__ int smaller(int a, int b) { return a < b ? a : b; }

// One element of a result that has `rows` × `columns` pixels for each image.
struct PoolElement {
  int lane;
  long long image;
  int row, column, channel;
  bool exists;

  template <class T>
  __device__ __forceinline__ PoolElement(const PoolTask<T>& task, int rows, int columns) {
    const int channels = static_cast<int>(task.c);
    const int size = rows * columns * channels;
    const long long count = task.n * size;
    const unsigned blocks = static_cast<unsigned>((count + kPoolThreads - 1) / kPoolThreads);
    lane = static_cast<int>(blockIdx.x / blocks);
    const long long first = static_cast<long long>(blockIdx.x % blocks) * kPoolThreads;
    exists = first + threadIdx.x < count;
    const int index = static_cast<int>(first % size) + static_cast<int>(threadIdx.x);
    image = first / size + index / size;
    channel = index % channels;
    const int pixel = index % size / channels;
    column = pixel % columns;
    row = pixel / columns;
  }
};

// Everything in 32 bits, relative to an image: lib/lower/cuda/structured.ts refuses larger images.
template <class T>
struct PoolImage {
  const T *a, *b;
  T* out;
  int h, w, c, kh, kw, strideH, strideW, padTop, padLeft, oh, ow;

  // `aSize`, `bSize`, `outSize`: elements of an image.
  __device__ __forceinline__ PoolImage(const PoolTask<T>& task, const PoolElement& at,
                                       long long aSize, long long bSize, long long outSize)
      : a(task.a + at.lane * task.aLane + at.image * aSize),
        b(task.b + at.lane * task.bLane + at.image * bSize),
        out(task.out + at.lane * task.outLane + at.image * outSize),
        h(static_cast<int>(task.h)),
        w(static_cast<int>(task.w)),
        c(static_cast<int>(task.c)),
        kh(static_cast<int>(task.kh)),
        kw(static_cast<int>(task.kw)),
        strideH(static_cast<int>(task.strideH)),
        strideW(static_cast<int>(task.strideW)),
        padTop(static_cast<int>(task.padTop)),
        padLeft(static_cast<int>(task.padLeft)),
        oh(static_cast<int>(task.oh)),
        ow(static_cast<int>(task.ow)) {}

  __device__ __forceinline__ int full(int y, int x, int channel) const {
    return (y * w + x) * c + channel;
  }
  __device__ __forceinline__ int pooled(int row, int column, int channel) const {
    return (row * ow + column) * c + channel;
  }

  // The pixels of a window that lie on the image.
  __device__ __forceinline__ Span under(int row, int column) const {
    const int top = row * strideH - padTop, left = column * strideW - padLeft;
    return {larger(top, 0), smaller(top + kh, h), larger(left, 0), smaller(left + kw, w)};
  }

  // The windows that a pixel of the image lies in.
  __device__ __forceinline__ Span over(int y, int x) const {
    return {first(y + padTop, kh, strideH), smaller((y + padTop) / strideH + 1, oh),
            first(x + padLeft, kw, strideW), smaller((x + padLeft) / strideW + 1, ow)};
  }

  __device__ __forceinline__ T share() const { return T(1) / static_cast<T>(kh * kw); }

  // Offset in `a` of the first maximum of a window, −1 for a window without pixels. A NaN counts as
  // greater than any number, so it is not lost.
  __device__ __forceinline__ int greatest(const Span& span, int channel) const {
    int best = -1;
    T value = T(0);
    for (int y = span.top; y < span.bottom; ++y) {
      for (int x = span.left; x < span.right; ++x) {
        const int here = full(y, x, channel);
        const T candidate = a[here];
        if (best < 0 || candidate > value || (candidate != candidate && value == value)) {
          best = here;
          value = candidate;
        }
      }
    }
    return best;
  }

 private:
  static __device__ __forceinline__ int first(int at, int kernel, int stride) {
    return at < kernel ? 0 : (at - kernel) / stride + 1;
  }
};
