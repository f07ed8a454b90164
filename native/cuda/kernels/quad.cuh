// Four neighbouring elements, moved by as few instructions as their place in memory allows.
#pragma once

template <class T>
struct Quad {
  T at[4];
};

// Bound memory may start anywhere, so kernels look before they use vector loads.
template <class T>
__device__ __forceinline__ bool isAligned(const T* p) {
  return (reinterpret_cast<unsigned long long>(p) & 15) == 0;
}

__device__ __forceinline__ Quad<float> loadAligned(const float* p) {
  const float4 v = *reinterpret_cast<const float4*>(p);
  return {{v.x, v.y, v.z, v.w}};
}

__device__ __forceinline__ Quad<double> loadAligned(const double* p) {
  const double2 low = *reinterpret_cast<const double2*>(p);
  const double2 high = *reinterpret_cast<const double2*>(p + 2);
  return {{low.x, low.y, high.x, high.y}};
}

__device__ __forceinline__ void storeAligned(float* p, const Quad<float>& q) {
  *reinterpret_cast<float4*>(p) = make_float4(q.at[0], q.at[1], q.at[2], q.at[3]);
}

__device__ __forceinline__ void storeAligned(double* p, const Quad<double>& q) {
  *reinterpret_cast<double2*>(p) = make_double2(q.at[0], q.at[1]);
  *reinterpret_cast<double2*>(p + 2) = make_double2(q.at[2], q.at[3]);
}

// All four elements, or zeros; `Aligned` is known at compile time where loads stand in a loop, so
// that they need no branches and are all on their way at once.
template <bool Aligned, class T>
__device__ __forceinline__ Quad<T> loadWhole(const T* p, bool wanted) {
  Quad<T> q = {{T(0), T(0), T(0), T(0)}};
  if constexpr (Aligned) {
    if (wanted) q = loadAligned(p);
  } else {
    if (wanted) q = {{p[0], p[1], p[2], p[3]}};
  }
  return q;
}

// The first `valid` elements; the others are zero.
template <class T>
__device__ __forceinline__ Quad<T> loadQuad(const T* p, int valid, bool aligned) {
  if (aligned && valid >= 4) return loadAligned(p);
  Quad<T> q;
#pragma unroll
  for (int i = 0; i < 4; ++i) q.at[i] = i < valid ? p[i] : T(0);
  return q;
}

template <class T>
__device__ __forceinline__ void storeQuad(T* p, const Quad<T>& q, int valid, bool aligned) {
  if (aligned && valid >= 4) return storeAligned(p, q);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (i < valid) p[i] = q.at[i];
  }
}
