// What CUDA text finds without including anything, for g++. It holds what our kernels may use and
// no more, so that text which strays does not compile here.
#pragma once

#include "module_abi.h"

#define __CUDACC__ 1
#define __CUDACC_RTC__ 1
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __align__(bytes) __attribute__((aligned(bytes)))
// One block runs at a time, so a block's shared memory can be a static variable. The driver finds
// it in the symbol table and fills it with NaN before each block.
#define __shared__ static

// --- Where a thread is ---------------------------------------------------------------------------

extern "C" {
// In .data, because the driver takes everything in .bss for shared memory.
MockHere* mock_here __attribute__((section(".data"))) = nullptr;
const MockServices* mock_services __attribute__((section(".data"))) = nullptr;
}

#define threadIdx (mock_here->thread)
#define blockIdx (mock_here->block)
#define blockDim (mock_here->block_size)
#define gridDim (mock_here->grid_size)
#define warpSize 32

using size_t = decltype(sizeof(0));

// --- Vectors -------------------------------------------------------------------------------------

#define MOCK_VECTOR2(name, type, bytes) \
  struct alignas(bytes) name {          \
    type x, y;                          \
  };                                    \
  inline name make_##name(type x, type y) { return name{x, y}; }
#define MOCK_VECTOR3(name, type) \
  struct name {                  \
    type x, y, z;                \
  };                             \
  inline name make_##name(type x, type y, type z) { return name{x, y, z}; }
#define MOCK_VECTOR4(name, type, bytes) \
  struct alignas(bytes) name {          \
    type x, y, z, w;                    \
  };                                    \
  inline name make_##name(type x, type y, type z, type w) { return name{x, y, z, w}; }

MOCK_VECTOR2(float2, float, 8)
MOCK_VECTOR2(int2, int, 8)
MOCK_VECTOR2(uint2, unsigned, 8)
MOCK_VECTOR2(double2, double, 16)
MOCK_VECTOR2(longlong2, long long, 16)
MOCK_VECTOR3(float3, float)
MOCK_VECTOR3(int3, int)
MOCK_VECTOR4(float4, float, 16)
MOCK_VECTOR4(int4, int, 16)
MOCK_VECTOR4(uint4, unsigned, 16)

using uint3 = MockSize3;
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
};

// --- Barriers and exchanges within a warp --------------------------------------------------------

inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  mock_services->block_barrier(file, line);
}

inline void __syncwarp(unsigned mask = 0xffffffffu, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  mock_services->warp_exchange(
      mask, [](void* const*) {}, nullptr, file, line);
}

namespace mock {

inline int LaneOfWarp() {
  const MockHere& here = *mock_here;
  const unsigned thread =
      here.thread.x + here.block_size.x * (here.thread.y + here.block_size.y * here.thread.z);
  return thread % 32;
}

// A lane's part in a shuffle.
template <class T>
struct Shuffle {
  T value;
  int source;
  T result;

  static void Combine(void* const* lanes) {
    for (int lane = 0; lane < 32; ++lane) {
      if (lanes[lane] == nullptr) continue;
      auto* mine = static_cast<Shuffle*>(lanes[lane]);
      const auto* from = static_cast<const Shuffle*>(lanes[mine->source]);
      // What a lane receives from one that takes no part is not defined: NaN shows it.
      if (from == nullptr) {
        __builtin_memset(&mine->result, 0xff, sizeof(T));
      } else {
        mine->result = from->value;
      }
    }
  }
};

template <class T>
inline T ShuffleFrom(unsigned mask, T value, int source, const char* file, int line) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "Shuffles take values of 4 or 8 bytes.");
  Shuffle<T> mine{value, source, value};
  mock_services->warp_exchange(mask, Shuffle<T>::Combine, &mine, file, line);
  return mine.result;
}

}  // namespace mock

// Small integers travel as int, as CUDA's overloads make them.
template <class T>
inline auto __shfl_sync(unsigned mask, T value, int source, int width = 32,
                        const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int first = mock::LaneOfWarp() & ~(width - 1);
  return mock::ShuffleFrom(mask, +value, first + (source & (width - 1)), file, line);
}

template <class T>
inline auto __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                            const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = mock::LaneOfWarp();
  const int source = lane ^ lanes;
  // A lane beyond the own group of `width` gives nothing, except one of an earlier group.
  const bool within = source < (lane & ~(width - 1)) + width;
  return mock::ShuffleFrom(mask, +value, within ? source : lane, file, line);
}

template <class T>
inline auto __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                             const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const int lane = mock::LaneOfWarp();
  const int source = lane + static_cast<int>(lanes);
  const bool within = source < (lane & ~(width - 1)) + width;
  return mock::ShuffleFrom(mask, +value, within ? source : lane, file, line);
}

// --- Mathematics ---------------------------------------------------------------------------------

extern "C" {
void* memset(void*, int, size_t);
void* memcpy(void*, const void*, size_t);
#define MOCK_MATH1(name) \
  double name(double);   \
  float name##f(float);
#define MOCK_MATH2(name)       \
  double name(double, double); \
  float name##f(float, float);
#define MOCK_MATHS      \
  MOCK_MATH1(fabs)      \
  MOCK_MATH1(sqrt)      \
  MOCK_MATH1(cbrt)      \
  MOCK_MATH1(exp)       \
  MOCK_MATH1(exp2)      \
  MOCK_MATH1(expm1)     \
  MOCK_MATH1(log)       \
  MOCK_MATH1(log2)      \
  MOCK_MATH1(log10)     \
  MOCK_MATH1(log1p)     \
  MOCK_MATH1(sin)       \
  MOCK_MATH1(cos)       \
  MOCK_MATH1(tan)       \
  MOCK_MATH1(asin)      \
  MOCK_MATH1(acos)      \
  MOCK_MATH1(atan)      \
  MOCK_MATH1(sinh)      \
  MOCK_MATH1(cosh)      \
  MOCK_MATH1(tanh)      \
  MOCK_MATH1(asinh)     \
  MOCK_MATH1(acosh)     \
  MOCK_MATH1(atanh)     \
  MOCK_MATH1(erf)       \
  MOCK_MATH1(erfc)      \
  MOCK_MATH1(lgamma)    \
  MOCK_MATH1(tgamma)    \
  MOCK_MATH1(floor)     \
  MOCK_MATH1(ceil)      \
  MOCK_MATH1(trunc)     \
  MOCK_MATH1(round)     \
  MOCK_MATH1(rint)      \
  MOCK_MATH1(nearbyint) \
  MOCK_MATH2(pow)       \
  MOCK_MATH2(fmod)      \
  MOCK_MATH2(atan2)     \
  MOCK_MATH2(hypot)     \
  MOCK_MATH2(copysign)  \
  MOCK_MATH2(fmax)      \
  MOCK_MATH2(fmin)
MOCK_MATHS
double fma(double, double, double);
float fmaf(float, float, float);
void sincos(double, double*, double*);
void sincosf(float, float*, float*);
#undef MOCK_MATH1
#undef MOCK_MATH2
}

// CUDA has the functions of double for float as well.
#define MOCK_MATH1(name) \
  inline float name(float x) { return name##f(x); }
#define MOCK_MATH2(name) \
  inline float name(float x, float y) { return name##f(x, y); }
MOCK_MATHS
#undef MOCK_MATH1
#undef MOCK_MATH2
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrt(float x) { return rsqrtf(x); }

#define MOCK_CLASSIFY(name)                                 \
  inline bool name(float x) { return __builtin_##name(x); } \
  inline bool name(double x) { return __builtin_##name(x); }
MOCK_CLASSIFY(isnan)
MOCK_CLASSIFY(isinf)
MOCK_CLASSIFY(isfinite)
MOCK_CLASSIFY(signbit)
#undef MOCK_CLASSIFY

#define MOCK_EXTREMES(type)                                 \
  inline type max(type a, type b) { return a > b ? a : b; } \
  inline type min(type a, type b) { return a < b ? a : b; }
MOCK_EXTREMES(int)
MOCK_EXTREMES(unsigned)
MOCK_EXTREMES(long)
MOCK_EXTREMES(unsigned long)
MOCK_EXTREMES(long long)
MOCK_EXTREMES(unsigned long long)
#undef MOCK_EXTREMES
inline float max(float a, float b) { return fmaxf(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }

inline int abs(int x) { return x < 0 ? -x : x; }
inline long long abs(long long x) { return x < 0 ? -x : x; }
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }

// Modules are compiled without contraction, so plain operators round once.
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>((static_cast<unsigned long long>(x) * y) >> 32);
}

#define MOCK_REINTERPRET(name, from, to) \
  inline to name(from x) { return __builtin_bit_cast(to, x); }
MOCK_REINTERPRET(__float_as_int, float, int)
MOCK_REINTERPRET(__int_as_float, int, float)
MOCK_REINTERPRET(__float_as_uint, float, unsigned)
MOCK_REINTERPRET(__uint_as_float, unsigned, float)
MOCK_REINTERPRET(__double_as_longlong, double, long long)
MOCK_REINTERPRET(__longlong_as_double, long long, double)
#undef MOCK_REINTERPRET

template <class T>
inline T __ldg(const T* at) {
  return *at;
}

// --- How the driver calls a kernel ---------------------------------------------------------------

namespace mock {

template <int... I>
struct Indices {};

template <auto* Kernel>
struct Entry;

template <class... P, void (*Kernel)(P...)>
struct Entry<Kernel> {
  static_assert(((sizeof(P) % 8 == 0) && ...),
                "Expected parameters of 8 bytes or a multiple: use long long or a pointer.");
  static constexpr int sizes[] = {static_cast<int>(sizeof(P))..., 0};

  // The parameters lie one after the other.
  static constexpr int OffsetOf(int index) {
    int offset = 0;
    for (int i = 0; i < index; ++i) offset += sizes[i];
    return offset;
  }
  template <int... I>
  static void Call(const char* parameters, Indices<I...>) {
    Kernel(*reinterpret_cast<const P*>(parameters + OffsetOf(I))...);
  }
  static void Run(const char* parameters) {
    Call(parameters, Indices<__integer_pack(static_cast<int>(sizeof...(P)))...>{});
  }
};

}  // namespace mock
