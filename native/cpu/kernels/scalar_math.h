// Functions of one number without branches, so that loops over them become
// vector code. float: polynomials, within about 2 units in the last place of
// the exact result. double: the C library's own.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace glocal::cpu::GLOCAL_SIMD {

inline float FloatOfBits(int32_t bits) { return __builtin_bit_cast(float, bits); }
inline int32_t BitsOf(float x) { return __builtin_bit_cast(int32_t, x); }

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kLog2E = 1.44269504f;
// ln 2 in two parts: the first has few bits, so its multiples are exact.
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kLn2Low = -2.12194440e-4f;

// x = n ln 2 + r with |r| <= ln 2 / 2.
struct Split {
  int32_t n;
  float r;
};

inline Split SplitByLn2(float x) {
  // Adding this rounds to an integer and leaves it in the low bits.
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  return {BitsOf(shifted) - BitsOf(kRound), (x - n * kLn2High) - n * kLn2Low};
}

// 2^n for -126 <= n <= 127.
inline float PowerOfTwo(int32_t n) {
  return FloatOfBits(static_cast<int32_t>(static_cast<uint32_t>(n + 127) << 23));
}

// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2.
inline float ExpTail(float r) {
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  return p * r + 5.0000001201e-1f;
}

// The bounds leave NaN as it is.
inline float Clamp(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

inline float Exp(float x) {
  const Split s = SplitByLn2(Clamp(x, -104.0f, 89.0f));
  const float y = ExpTail(s.r) * (s.r * s.r) + s.r + 1.0f;
  // Two factors, since 2^n alone may not be a normal number.
  const int32_t half = s.n >> 1;
  return y * PowerOfTwo(half) * PowerOfTwo(s.n - half);
}

inline float Expm1(float x) {
  const Split s = SplitByLn2(Clamp(x, -30.0f, 89.0f));
  const float tail = ExpTail(s.r) * (s.r * s.r);
  // At half scale, so that 2^128 does not overflow on the way.
  const float half = PowerOfTwo(s.n - 1);
  const float y = 2.0f * (half * tail + (half * s.r + (half - 0.5f)));
  // For small x the plain series loses nothing; it also keeps the sign of zero.
  return s.n == 0 ? s.r + tail : y;
}

inline float Log(float x) {
  const bool tiny = x < 1.17549435e-38f;
  const float scaled = tiny ? x * 8388608.0f : x;
  const int32_t bits = BitsOf(scaled);
  // The mantissa in [sqrt(1/2), sqrt(2)).
  const int32_t offset = bits - 0x3f3504f3;
  const int32_t exponent = (offset >> 23) - (tiny ? 23 : 0);
  const float f = FloatOfBits((offset & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const float z = f * f;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const float e = static_cast<float>(exponent);
  float y = p * f * z + e * kLn2Low - 0.5f * z;
  y = (y + f) + e * kLn2High;
  y = x == 0.0f ? -kInfinity : y;
  y = x < 0.0f ? kNaN : y;
  // Infinity and NaN are their own logarithms.
  return x < kInfinity ? y : x;
}

inline float Log1p(float x) {
  const float u = 1.0f + x;
  // What rounding took from 1 + x, to first order.
  const float lost = u - 1.0f == x ? 0.0f : (x - (u - 1.0f)) / u;
  const float y = u == 1.0f ? x : Log(u) + lost;
  return x < kInfinity ? y : x;
}

inline float Tanh(float x) {
  const float a = x < 0.0f ? -x : x;
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near_zero = p * z * x + x;
  const float large = 1.0f - 2.0f / (Exp(2.0f * a) + 1.0f);
  return a < 0.625f ? near_zero : x < 0.0f ? -large : large;
}

inline float Logistic(float x) { return 1.0f / (1.0f + Exp(-x)); }

inline double Exp(double x) { return __builtin_exp(x); }
inline double Expm1(double x) { return __builtin_expm1(x); }
inline double Log(double x) { return __builtin_log(x); }
inline double Log1p(double x) { return __builtin_log1p(x); }
inline double Tanh(double x) { return __builtin_tanh(x); }
inline double Logistic(double x) { return 1.0 / (1.0 + __builtin_exp(-x)); }

inline float Sqrt(float x) { return __builtin_sqrtf(x); }
inline double Sqrt(double x) { return __builtin_sqrt(x); }
inline float Sin(float x) { return __builtin_sinf(x); }
inline double Sin(double x) { return __builtin_sin(x); }
inline float Cos(float x) { return __builtin_cosf(x); }
inline double Cos(double x) { return __builtin_cos(x); }
inline float Floor(float x) { return __builtin_floorf(x); }
inline double Floor(double x) { return __builtin_floor(x); }
inline float Trunc(float x) { return __builtin_truncf(x); }
inline double Trunc(double x) { return __builtin_trunc(x); }
inline float Pow(float x, float y) { return __builtin_powf(x, y); }
inline double Pow(double x, double y) { return __builtin_pow(x, y); }
inline float Abs(float x) { return __builtin_fabsf(x); }
inline double Abs(double x) { return __builtin_fabs(x); }

template <class T>
inline T Sign(T x) {
  return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;
}

// The first operand on a tie, NaN if either is.
template <class T>
inline T Max(T a, T b) {
  return (a >= b) | (a != a) ? a : b;
}
template <class T>
inline T Min(T a, T b) {
  return (a <= b) | (a != a) ? a : b;
}

}  // namespace glocal::cpu::GLOCAL_SIMD
