// Max pooling and its derivatives, which follow the first maximum of each window.
#pragma once

#include "pool.cuh"

template <class T, int Width>
__device__ __forceinline__ void maxPool(const PoolTask<T>& task) {
  const auto thread = pooledThread<T, Width>(task);
  if (!thread.exists) return;
  const auto found = thread.greatest(thread.under(thread.row, thread.column));
  found.value.store(thread.out + thread.pooled(thread.row, thread.column), thread.aligned);
}

template <class T, int Width>
__device__ __forceinline__ void maxPoolTangent(const PoolTask<T>& task) {
  const auto thread = pooledThread<T, Width>(task);
  if (!thread.exists) return;
  const Span window = thread.under(thread.row, thread.column);
  const auto found = thread.greatest(window);
  Channels<T, Width> tangent;
  int visited = 0;
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      const Channels<T, Width> here = thread.load(thread.b + thread.full(y, x));
#pragma unroll
      for (int i = 0; i < Width; ++i) {
        if (found.place[i] == visited) tangent.at[i] = here.at[i];
      }
      ++visited;
    }
  }
  tangent.store(thread.out + thread.pooled(thread.row, thread.column), thread.aligned);
}

// For windows that meet: a thread for each pixel, which looks at all windows over it, in order.
template <class T, int Width>
__device__ __forceinline__ void maxPoolGrad(const PoolTask<T>& task) {
  const int full = static_cast<int>(task.h * task.w), pooled = static_cast<int>(task.oh * task.ow);
  const PoolThread<T, Width> thread(task, static_cast<int>(task.h), static_cast<int>(task.w), full,
                                    pooled, full);
  if (!thread.exists) return;
  const Span windows = thread.over(thread.row, thread.column);
  Channels<T, Width> sum;
  for (int r = windows.top; r < windows.bottom; ++r) {
    for (int q = windows.left; q < windows.right; ++q) {
      const Span window = thread.under(r, q);
      const auto found = thread.greatest(window);
      const int here =
          (thread.row - window.top) * (window.right - window.left) + thread.column - window.left;
      const Channels<T, Width> gradient = thread.load(thread.b + thread.pooled(r, q));
#pragma unroll
      for (int i = 0; i < Width; ++i) {
        if (found.place[i] == here) sum.at[i] += gradient.at[i];
      }
    }
  }
  sum.store(thread.out + thread.full(thread.row, thread.column), thread.aligned);
}

// For windows side by side that cover the image: a thread for each, which writes all of its pixels.
template <class T, int Width>
__device__ __forceinline__ void maxPoolGradTiled(const PoolTask<T>& task) {
  const int full = static_cast<int>(task.h * task.w), pooled = static_cast<int>(task.oh * task.ow);
  const PoolThread<T, Width> thread(task, static_cast<int>(task.oh), static_cast<int>(task.ow),
                                    full, pooled, full);
  if (!thread.exists) return;
  const Span window = thread.under(thread.row, thread.column);
  const auto found = thread.greatest(window);
  const Channels<T, Width> gradient =
      thread.load(thread.b + thread.pooled(thread.row, thread.column));
  int visited = 0;
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      Channels<T, Width> result;
#pragma unroll
      for (int i = 0; i < Width; ++i) {
        if (found.place[i] == visited) result.at[i] = gradient.at[i];
      }
      result.store(thread.out + thread.full(y, x), thread.aligned);
      ++visited;
    }
  }
}
