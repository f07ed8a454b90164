// Square blocks of a matrix turned within registers.
#pragma once

#include "cpu/kernels/structured_vector.h"

namespace glocal::cpu::GLOCAL_SIMD {

// Element e is a[mask[e]], or b[mask[e] - width] from the width on.
template <class T>
inline Vector<T> Shuffle(Vector<T> a, Vector<T> b, VectorMask<T> mask) {
#ifdef __clang__
  Vector<T> v;
  for (int e = 0; e < kWidth<T>; ++e) {
    v[e] = mask[e] < kWidth<T> ? a[mask[e]] : b[mask[e] - kWidth<T>];
  }
  return v;
#else
  return __builtin_shuffle(a, b, mask);
#endif
}

// Exchanges the upper right and the lower left quarters of every square of 2·kHalf rows.
template <class T, int kHalf>
inline void ExchangeQuarters(Vector<T> (&rows)[kWidth<T>]) {
  VectorMask<T> upper, lower;
#pragma GCC unroll 16
  for (int e = 0; e < kWidth<T>; ++e) {
    const bool left = (e & kHalf) == 0;
    upper[e] = left ? e : kWidth<T> + e - kHalf;
    lower[e] = left ? e + kHalf : kWidth<T> + e;
  }
#pragma GCC unroll 16
  for (int i = 0; i < kWidth<T>; ++i) {
    if (i & kHalf) continue;
    const Vector<T> a = rows[i];
    const Vector<T> b = rows[i + kHalf];
    rows[i] = Shuffle<T>(a, b, upper);
    rows[i + kHalf] = Shuffle<T>(a, b, lower);
  }
  if constexpr (kHalf > 1) ExchangeQuarters<T, kHalf / 2>(rows);
}

// to[i·to_step + j] = from[j·from_step + i] for a square as wide as a vector.
template <class T>
void TransposeSquare(const T* from, int64_t from_step, T* to, int64_t to_step) {
  Vector<T> rows[kWidth<T>];
#pragma GCC unroll 16
  for (int j = 0; j < kWidth<T>; ++j) rows[j] = Load(from + j * from_step);
  ExchangeQuarters<T, kWidth<T> / 2>(rows);
#pragma GCC unroll 16
  for (int i = 0; i < kWidth<T>; ++i) Store(to + i * to_step, rows[i]);
}

// to[i·to_step + j] = from[j·from_step + i] for i < columns, j < rows.
template <class T>
void Transpose(const T* from, int64_t from_step, int64_t rows, int64_t columns, T* to,
               int64_t to_step) {
  const int64_t whole_rows = rows - rows % kWidth<T>;
  const int64_t whole_columns = columns - columns % kWidth<T>;
  for (int64_t j = 0; j < whole_rows; j += kWidth<T>) {
    for (int64_t i = 0; i < whole_columns; i += kWidth<T>) {
      TransposeSquare(from + j * from_step + i, from_step, to + i * to_step + j, to_step);
    }
  }
  for (int64_t j = 0; j < rows; ++j) {
    for (int64_t i = j < whole_rows ? whole_columns : 0; i < columns; ++i) {
      to[i * to_step + j] = from[j * from_step + i];
    }
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
