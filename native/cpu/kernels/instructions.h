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

#undef GLOCAL_LOOP

}  // namespace glocal::cpu::GLOCAL_SIMD
