/** What every module of generated kernels begins with: scalar functions as `native/cpu/kernels/scalar_math.h` has them. */
export const PRELUDE = `template <int kCount>
struct Pointers {
  void* at[kCount];
};

// No constant of the language is infinite.
template <class T>
__device__ __forceinline__ T Infinity() { return T(1e300 * 1e300); }
template <class T>
__device__ __forceinline__ T NotANumber() { return Infinity<T>() - Infinity<T>(); }

// Rounded by itself: the compiler must not make one operation of a product and a sum.
__device__ __forceinline__ float Mul(float a, float b) { return __fmul_rn(a, b); }
__device__ __forceinline__ double Mul(double a, double b) { return __dmul_rn(a, b); }

#define GLOCAL_FUNCTION(Name, function) \\
  __device__ __forceinline__ float Name(float x) { return function##f(x); } \\
  __device__ __forceinline__ double Name(double x) { return function(x); }
GLOCAL_FUNCTION(Abs, fabs)
GLOCAL_FUNCTION(Exp, exp)
GLOCAL_FUNCTION(Expm1, expm1)
GLOCAL_FUNCTION(Log, log)
GLOCAL_FUNCTION(Log1p, log1p)
GLOCAL_FUNCTION(Sqrt, sqrt)
GLOCAL_FUNCTION(Sin, sin)
GLOCAL_FUNCTION(Cos, cos)
GLOCAL_FUNCTION(Tanh, tanh)
GLOCAL_FUNCTION(Floor, floor)
GLOCAL_FUNCTION(Trunc, trunc)
#undef GLOCAL_FUNCTION

__device__ __forceinline__ float Pow(float x, float y) { return powf(x, y); }
__device__ __forceinline__ double Pow(double x, double y) { return pow(x, y); }

template <class T>
__device__ __forceinline__ T Logistic(T x) { return T(1) / (T(1) + Exp(-x)); }
template <class T>
__device__ __forceinline__ T Sign(T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x; }
// The first operand on a tie, NaN if either is.
template <class T>
__device__ __forceinline__ T Max(T a, T b) { return a >= b || a != a ? a : b; }
template <class T>
__device__ __forceinline__ T Min(T a, T b) { return a <= b || a != a ? a : b; }
template <class T>
__device__ __forceinline__ T Sum(T a, T b) { return a + b; }
`;
