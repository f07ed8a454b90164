// The widest vector of this SIMD level, as a GCC vector type, and loads and
// stores of its first few elements.
#pragma once

#include <cstdint>
#include <cstring>

namespace glocal::cpu::GLOCAL_SIMD {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
inline constexpr int kAccumulators = 28;  // of 32 registers; the rest hold operands
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
inline constexpr int kAccumulators = 12;  // of 16
#else
inline constexpr int kVectorBytes = 16;
inline constexpr int kAccumulators = 12;
#endif

// Alignment is that of an element, so any address may be loaded from.
template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
  typedef int32_t Mask __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
  typedef int64_t Mask __attribute__((vector_size(kVectorBytes)));
};

template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
using VectorMask = typename VectorOf<T>::Mask;

// Elements in a vector.
template <class T>
inline constexpr int kWidth = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
inline Vector<T> Load(const T* from) {
  return *reinterpret_cast<const Vector<T>*>(from);
}

template <class T>
inline void Store(T* to, Vector<T> v) {
  *reinterpret_cast<Vector<T>*>(to) = v;
}

// Elements past `valid` are zero.
template <class T>
inline Vector<T> LoadFirst(const T* from, int64_t valid) {
  if (valid >= kWidth<T>) return Load(from);
  Vector<T> v = {};
  std::memcpy(&v, from, static_cast<size_t>(valid) * sizeof(T));
  return v;
}

template <class T>
inline void StoreFirst(T* to, Vector<T> v, int64_t valid) {
  if (valid >= kWidth<T>) {
    Store(to, v);
  } else {
    std::memcpy(to, &v, static_cast<size_t>(valid) * sizeof(T));
  }
}

// Vectors needed for `count` elements.
template <class T>
inline int64_t VectorsFor(int64_t count) {
  return (count + kWidth<T> - 1) / kWidth<T>;
}

}  // namespace glocal::cpu::GLOCAL_SIMD
