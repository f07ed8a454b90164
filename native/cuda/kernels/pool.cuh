// What a pooling kernel is told, and the elements that a thread makes. The struct is a kernel
// parameter: all members take 8 bytes, and lib/lower/cuda/structured.ts lists them in this order.
#pragma once

#include "quad.cuh"

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

// Neighbouring channels of a pixel, which one thread makes: 4 where c is a multiple of 4, else 1.
template <class T, int Width>
struct Channels {
  T at[Width];

  __device__ __forceinline__ Channels() {
#pragma unroll
    for (int i = 0; i < Width; ++i) at[i] = T(0);
  }
  __device__ __forceinline__ Channels(const T* from, bool aligned) {
    if constexpr (Width == 1) {
      at[0] = *from;
    } else {
      const Quad<T> quad = loadQuad(from, 4, aligned);
#pragma unroll
      for (int i = 0; i < 4; ++i) at[i] = quad.at[i];
    }
  }
  __device__ __forceinline__ void store(T* to, bool aligned) const {
    if constexpr (Width == 1) {
      *to = at[0];
    } else {
      storeQuad(to, Quad<T>{{at[0], at[1], at[2], at[3]}}, 4, aligned);
    }
  }
};

// The first greatest elements of a window, counted as they are visited. A NaN counts as greater
// than any number, so it is not lost. A window without pixels has −∞, and no place.
template <class T, int Width>
struct Greatest {
  Channels<T, Width> value;
  int place[Width];
  int visited = 0;

  __device__ __forceinline__ Greatest() {
#pragma unroll
    for (int i = 0; i < Width; ++i) {
      value.at[i] = T(-1) / T(0);
      place[i] = 0;
    }
  }
  __device__ __forceinline__ void visit(const Channels<T, Width>& here) {
#pragma unroll
    for (int i = 0; i < Width; ++i) {
      const T x = here.at[i], best = value.at[i];
      if (x > best || (x != x && best == best)) {
        value.at[i] = x;
        place[i] = visited;
      }
    }
    ++visited;
  }
};

__device__ __forceinline__ int larger(int a, int b) { return a > b ? a : b; }
__device__ __forceinline__ int smaller(int a, int b) { return a < b ? a : b; }

// The channels of one pixel of a result that has `rows` × `columns` of them for each image. Numbers
// fit 32 bits: lib/lower/cuda/structured.ts refuses lanes of more elements.
template <class T, int Width>
struct PoolThread {
  bool exists;
  int row, column, channel;
  const T *a, *b;
  T* out;
  bool aligned;
  int h, w, c, kh, kw, strideH, strideW, padTop, padLeft, oh, ow;

  // `aSize`, `bSize`, `outSize`: pixels of an image.
  __device__ __forceinline__ PoolThread(const PoolTask<T>& task, int rows, int columns, int aSize,
                                        int bSize, int outSize)
      : h(static_cast<int>(task.h)),
        w(static_cast<int>(task.w)),
        c(static_cast<int>(task.c)),
        kh(static_cast<int>(task.kh)),
        kw(static_cast<int>(task.kw)),
        strideH(static_cast<int>(task.strideH)),
        strideW(static_cast<int>(task.strideW)),
        padTop(static_cast<int>(task.padTop)),
        padLeft(static_cast<int>(task.padLeft)),
        oh(static_cast<int>(task.oh)),
        ow(static_cast<int>(task.ow)) {
    const unsigned runs = static_cast<unsigned>(c) / Width;
    const unsigned count = static_cast<unsigned>(task.n) * rows * columns * runs;
    const unsigned blocks = (count + kPoolThreads - 1) / kPoolThreads;
    const long long lane = blockIdx.x / blocks;
    const unsigned index = blockIdx.x % blocks * kPoolThreads + threadIdx.x;
    exists = index < count;
    const unsigned pixel = index / runs;
    const unsigned line = pixel / columns;
    const long long image = line / rows;
    channel = static_cast<int>(index % runs) * Width;
    column = static_cast<int>(pixel % columns);
    row = static_cast<int>(line % rows);
    a = task.a + lane * task.aLane + image * aSize * c;
    b = task.b + lane * task.bLane + image * bSize * c;
    out = task.out + lane * task.outLane + image * outSize * c;
    aligned = isAligned(a) && isAligned(b) && isAligned(out);
  }

  __device__ __forceinline__ int full(int y, int x) const { return (y * w + x) * c + channel; }
  __device__ __forceinline__ int pooled(int r, int q) const { return (r * ow + q) * c + channel; }

  __device__ __forceinline__ Channels<T, Width> load(const T* from) const {
    return Channels<T, Width>(from, aligned);
  }

  // The pixels of a window that lie on the image.
  __device__ __forceinline__ Span under(int r, int q) const {
    const int top = r * strideH - padTop, left = q * strideW - padLeft;
    return {larger(top, 0), smaller(top + kh, h), larger(left, 0), smaller(left + kw, w)};
  }

  // The windows that a pixel of the image lies in.
  __device__ __forceinline__ Span over(int y, int x) const {
    return {first(y + padTop, kh, strideH), smaller((y + padTop) / strideH + 1, oh),
            first(x + padLeft, kw, strideW), smaller((x + padLeft) / strideW + 1, ow)};
  }

  __device__ __forceinline__ Greatest<T, Width> greatest(const Span& window) const {
    Greatest<T, Width> found;
    for (int y = window.top; y < window.bottom; ++y) {
      for (int x = window.left; x < window.right; ++x) found.visit(load(a + full(y, x)));
    }
    return found;
  }

  __device__ __forceinline__ T share() const { return T(1) / static_cast<T>(kh * kw); }

 private:
  static __device__ __forceinline__ int first(int at, int kernel, int stride) {
    return at < kernel ? 0 : (at - kernel) / stride + 1;
  }
};

// A thread for each pixel that was pooled; `b`, if any, is like the image.
template <class T, int Width>
__device__ __forceinline__ PoolThread<T, Width> pooledThread(const PoolTask<T>& task) {
  const int full = static_cast<int>(task.h * task.w), pooled = static_cast<int>(task.oh * task.ow);
  return PoolThread<T, Width>(task, static_cast<int>(task.oh), static_cast<int>(task.ow), full,
                              full, pooled);
}
