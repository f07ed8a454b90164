// One instruction of a fused expression over a tile: a plain loop that the
// compiler turns into vector code. `out` may be the very same tile as an operand.
#pragma once

#include "cpu/kernels/scalar_math.h"
#include "program.h"

namespace glocal::cpu::GLOCAL_SIMD {

#define GLOCAL_LOOP(expression)                                               \
  _Pragma("GCC ivdep") for (int i = 0; i < n; i++) { out[i] = (expression); } \
  return

template <class T>
void RunInstruction(Op op, int n, T* out, const T* a, const T* b, const T* c) {
  switch (op) {
    case Op::kConstant:
    case Op::kIota:
      return;
    case Op::kNeg:
      GLOCAL_LOOP(-a[i]);
    case Op::kAbs:
      GLOCAL_LOOP(Abs(a[i]));
    case Op::kSign:
      GLOCAL_LOOP(Sign(a[i]));
    case Op::kExp:
      GLOCAL_LOOP(Exp(a[i]));
    case Op::kExpm1:
      GLOCAL_LOOP(Expm1(a[i]));
    case Op::kLog:
      GLOCAL_LOOP(Log(a[i]));
    case Op::kLog1p:
      GLOCAL_LOOP(Log1p(a[i]));
    case Op::kSqrt:
      GLOCAL_LOOP(Sqrt(a[i]));
    case Op::kSin:
      GLOCAL_LOOP(Sin(a[i]));
    case Op::kCos:
      GLOCAL_LOOP(Cos(a[i]));
    case Op::kTanh:
      GLOCAL_LOOP(Tanh(a[i]));
    case Op::kLogistic:
      GLOCAL_LOOP(Logistic(a[i]));
    case Op::kFloor:
      GLOCAL_LOOP(Floor(a[i]));
    case Op::kTrunc:
      GLOCAL_LOOP(Trunc(a[i]));
    case Op::kNot:
      GLOCAL_LOOP(a[i] == T(0) ? T(1) : T(0));
    case Op::kAdd:
      GLOCAL_LOOP(a[i] + b[i]);
    case Op::kSub:
      GLOCAL_LOOP(a[i] - b[i]);
    case Op::kMul:
      GLOCAL_LOOP(a[i] * b[i]);
    case Op::kDiv:
      GLOCAL_LOOP(a[i] / b[i]);
    case Op::kPow:
      GLOCAL_LOOP(Pow(a[i], b[i]));
    case Op::kMax:
      GLOCAL_LOOP(Max(a[i], b[i]));
    case Op::kMin:
      GLOCAL_LOOP(Min(a[i], b[i]));
    case Op::kLt:
      GLOCAL_LOOP(a[i] < b[i] ? T(1) : T(0));
    case Op::kLe:
      GLOCAL_LOOP(a[i] <= b[i] ? T(1) : T(0));
    case Op::kGt:
      GLOCAL_LOOP(a[i] > b[i] ? T(1) : T(0));
    case Op::kGe:
      GLOCAL_LOOP(a[i] >= b[i] ? T(1) : T(0));
    case Op::kEq:
      GLOCAL_LOOP(a[i] == b[i] ? T(1) : T(0));
    case Op::kNe:
      GLOCAL_LOOP(a[i] != b[i] ? T(1) : T(0));
    case Op::kAnd:
      GLOCAL_LOOP((a[i] != T(0)) & (b[i] != T(0)) ? T(1) : T(0));
    case Op::kOr:
      GLOCAL_LOOP((a[i] != T(0)) | (b[i] != T(0)) ? T(1) : T(0));
    case Op::kSelect:
      GLOCAL_LOOP(a[i] != T(0) ? b[i] : c[i]);
  }
}

// Pairs: out = (a op b) op c in one pass over the tiles.

// The operations that pair. A product and then a sum do not: the compiler would round them once
// where it can, and the bits would depend on which instructions meet.
constexpr bool Pairs(Op first, Op second) {
  const auto is_sum = [](Op op) { return op == Op::kAdd || op == Op::kSub; };
  return is_sum(first) ? is_sum(second) || second == Op::kMul
                       : first == Op::kMul && second == Op::kMul;
}

enum class Then { kAdd, kSub, kFrom, kMul };  // x + c, x - c, c - x, x * c

template <class T, Then kThen>
inline T Second(T x, T c) {
  if constexpr (kThen == Then::kAdd) return x + c;
  if constexpr (kThen == Then::kSub) return x - c;
  if constexpr (kThen == Then::kFrom) return c - x;
  return x * c;
}

template <class T, Then kThen>
void RunSumThen(Op first, int n, T* out, const T* a, const T* b, const T* c) {
  if (first == Op::kAdd) {
    GLOCAL_LOOP((Second<T, kThen>(a[i] + b[i], c[i])));
  } else {
    GLOCAL_LOOP((Second<T, kThen>(a[i] - b[i], c[i])));
  }
}

template <class T>
void RunPair(Op first, Then then, int n, T* out, const T* a, const T* b, const T* c) {
  if (first == Op::kMul) {
    GLOCAL_LOOP((a[i] * b[i]) * c[i]);
  }
  switch (then) {
    case Then::kAdd:
      return RunSumThen<T, Then::kAdd>(first, n, out, a, b, c);
    case Then::kSub:
      return RunSumThen<T, Then::kSub>(first, n, out, a, b, c);
    case Then::kFrom:
      return RunSumThen<T, Then::kFrom>(first, n, out, a, b, c);
    case Then::kMul:
      return RunSumThen<T, Then::kMul>(first, n, out, a, b, c);
  }
}

#undef GLOCAL_LOOP

}  // namespace glocal::cpu::GLOCAL_SIMD
