// Pooling and its derivatives: a thread makes one element, so that nothing is written twice, and
// adds what windows give to it in their order.
#include "pool.cuh"

namespace {

template <class T>
__device__ __forceinline__ void avgPool(const PoolTask<T>& task) {
  const PoolElement at(task, static_cast<int>(task.oh), static_cast<int>(task.ow));
  if (!at.exists) return;
  const long long full = task.h * task.w * task.c, pooled = task.oh * task.ow * task.c;
  const PoolImage<T> image(task, at, full, 0, pooled);
  const Span span = image.under(at.row, at.column);
  T sum = T(0);
  for (int y = span.top; y < span.bottom; ++y) {
    for (int x = span.left; x < span.right; ++x) sum += image.a[image.full(y, x, at.channel)];
  }
  image.out[image.pooled(at.row, at.column, at.channel)] = sum * image.share();
}

template <class T>
__device__ __forceinline__ void avgPoolGrad(const PoolTask<T>& task) {
  const PoolElement at(task, static_cast<int>(task.h), static_cast<int>(task.w));
  if (!at.exists) return;
  const long long full = task.h * task.w * task.c, pooled = task.oh * task.ow * task.c;
  const PoolImage<T> image(task, at, pooled, 0, full);
  const Span span = image.over(at.row, at.column);
  T sum = T(0);
  for (int row = span.top; row < span.bottom; ++row) {
    for (int column = span.left; column < span.right; ++column) {
      sum += image.a[image.pooled(row, column, at.channel)] * image.share();
    }
  }
  image.out[image.full(at.row, at.column, at.channel)] = sum;
}

// The result for each window that `pick` makes of the place of its greatest element.
template <class T, class Pick>
__device__ __forceinline__ void forGreatest(const PoolTask<T>& task, Pick pick) {
  const PoolElement at(task, static_cast<int>(task.oh), static_cast<int>(task.ow));
  if (!at.exists) return;
  const long long full = task.h * task.w * task.c, pooled = task.oh * task.ow * task.c;
  const PoolImage<T> image(task, at, full, full, pooled);
  const int greatest = image.greatest(image.under(at.row, at.column), at.channel);
  image.out[image.pooled(at.row, at.column, at.channel)] = pick(image, greatest);
}

template <class T>
__device__ __forceinline__ void maxPool(const PoolTask<T>& task) {
  // A window without pixels has no greatest element: −∞.
  forGreatest(task, [](const PoolImage<T>& image, int greatest) {
    return greatest < 0 ? T(-1) / T(0) : image.a[greatest];
  });
}

template <class T>
__device__ __forceinline__ void maxPoolTangent(const PoolTask<T>& task) {
  forGreatest(task, [](const PoolImage<T>& image, int greatest) {
    return greatest < 0 ? T(0) : image.b[greatest];
  });
}

template <class T>
__device__ __forceinline__ void maxPoolGrad(const PoolTask<T>& task) {
  const PoolElement at(task, static_cast<int>(task.h), static_cast<int>(task.w));
  if (!at.exists) return;
  const long long full = task.h * task.w * task.c, pooled = task.oh * task.ow * task.c;
  const PoolImage<T> image(task, at, full, pooled, full);
  const int here = image.full(at.row, at.column, at.channel);
  const Span windows = image.over(at.row, at.column);
  T sum = T(0);
  for (int row = windows.top; row < windows.bottom; ++row) {
    for (int column = windows.left; column < windows.right; ++column) {
      if (image.greatest(image.under(row, column), at.channel) == here) {
        sum += image.b[image.pooled(row, column, at.channel)];
      }
    }
  }
  image.out[here] = sum;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) avg_pool_f32(PoolTask<float> task) {
  avgPool(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_f64(PoolTask<double> task) {
  avgPool(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f32(PoolTask<float> task) {
  avgPoolGrad(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f64(PoolTask<double> task) {
  avgPoolGrad(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_f32(PoolTask<float> task) {
  maxPool(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_f64(PoolTask<double> task) {
  maxPool(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_grad_f32(PoolTask<float> task) {
  maxPoolGrad(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_grad_f64(PoolTask<double> task) {
  maxPoolGrad(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_tangent_f32(PoolTask<float> task) {
  maxPoolTangent(task);
}
extern "C" __global__ void __launch_bounds__(256) max_pool_tangent_f64(PoolTask<double> task) {
  maxPoolTangent(task);
}
