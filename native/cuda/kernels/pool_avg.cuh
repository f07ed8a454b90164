// Average pooling and its derivative. What several windows give a pixel is added in their order.
#pragma once

#include "pool.cuh"

template <class T, int Width>
__device__ __forceinline__ void avgPool(const PoolTask<T>& task) {
  const auto thread = pooledThread<T, Width>(task);
  if (!thread.exists) return;
  const Span window = thread.under(thread.row, thread.column);
  Channels<T, Width> sum;
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      const Channels<T, Width> here = thread.load(thread.a + thread.full(y, x));
#pragma unroll
      for (int i = 0; i < Width; ++i) sum.at[i] += here.at[i];
    }
  }
  const T share = thread.share();
#pragma unroll
  for (int i = 0; i < Width; ++i) sum.at[i] *= share;
  sum.store(thread.out + thread.pooled(thread.row, thread.column), thread.aligned);
}

template <class T, int Width>
__device__ __forceinline__ void avgPoolGrad(const PoolTask<T>& task) {
  const int full = static_cast<int>(task.h * task.w), pooled = static_cast<int>(task.oh * task.ow);
  const PoolThread<T, Width> thread(task, static_cast<int>(task.h), static_cast<int>(task.w),
                                    pooled, 0, full);
  if (!thread.exists) return;
  const Span windows = thread.over(thread.row, thread.column);
  const T share = thread.share();
  Channels<T, Width> sum;
  for (int r = windows.top; r < windows.bottom; ++r) {
    for (int q = windows.left; q < windows.right; ++q) {
      const Channels<T, Width> here = thread.load(thread.a + thread.pooled(r, q));
#pragma unroll
      for (int i = 0; i < Width; ++i) sum.at[i] += here.at[i] * share;
    }
  }
  sum.store(thread.out + thread.full(thread.row, thread.column), thread.aligned);
}
