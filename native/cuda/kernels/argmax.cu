// Index of the first maximum along the middle axis of (outer, axis, inner); a NaN counts as greater
// than any number. A thread looks through a short axis, a warp shares a long one.

namespace {

constexpr int kThreads = 256;

template <class T>
__device__ __forceinline__ bool displaces(T candidate, T best) {
  return candidate > best || (candidate != candidate && best == best);
}

template <class T>
__device__ __forceinline__ void argmaxByThread(long long outer, long long axis, long long inner,
                                               const T* x, int* y) {
  const long long i = static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= outer * inner) return;
  const T* column = x + i / inner * axis * inner + i % inner;
  int best = 0;
  T value = column[0];
  for (long long j = 1; j < axis; ++j) {
    const T candidate = column[j * inner];
    if (displaces(candidate, value)) {
      best = static_cast<int>(j);
      value = candidate;
    }
  }
  y[i] = best;
}

template <class T>
__device__ __forceinline__ void argmaxByWarp(long long outer, long long axis, long long inner,
                                             const T* x, int* y) {
  const long long i = static_cast<long long>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  if (i >= outer * inner) return;
  const T* column = x + i / inner * axis * inner + i % inner;
  const int lane = threadIdx.x % 32;
  // Lanes beyond a short axis look at its first element, like lane 0.
  int best = lane < axis ? lane : 0;
  T value = column[best * inner];
  for (long long j = lane + 32; j < axis; j += 32) {
    const T candidate = column[j * inner];
    if (displaces(candidate, value)) {
      best = static_cast<int>(j);
      value = candidate;
    }
  }
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    const int otherBest = __shfl_xor_sync(0xffffffffu, best, step);
    const T other = __shfl_xor_sync(0xffffffffu, value, step);
    // Of two that do not displace each other, equal or both NaN, the first one stays.
    const bool equal = !displaces(value, other) && !displaces(other, value);
    if (equal ? otherBest < best : displaces(other, value)) {
      best = otherBest;
      value = other;
    }
  }
  if (lane == 0) y[i] = best;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    argmax_f32(long long outer, long long axis, long long inner, const float* x, int* y) {
  argmaxByThread(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_f64(long long outer, long long axis, long long inner, const double* x, int* y) {
  argmaxByThread(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_i32(long long outer, long long axis, long long inner, const int* x, int* y) {
  argmaxByThread(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_bool(long long outer, long long axis, long long inner, const unsigned char* x, int* y) {
  argmaxByThread(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_long_f32(long long outer, long long axis, long long inner, const float* x, int* y) {
  argmaxByWarp(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_long_f64(long long outer, long long axis, long long inner, const double* x, int* y) {
  argmaxByWarp(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_long_i32(long long outer, long long axis, long long inner, const int* x, int* y) {
  argmaxByWarp(outer, axis, inner, x, y);
}
extern "C" __global__ void __launch_bounds__(256)
    argmax_long_bool(long long outer, long long axis, long long inner, const unsigned char* x,
                     int* y) {
  argmaxByWarp(outer, axis, inner, x, y);
}
