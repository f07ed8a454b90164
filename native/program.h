// A decoded program: the C++ mirror of lib/lower/program.ts, field for field.
// Kernels read these structs and nothing else; they never see a graph.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace glocal {

enum class DType : int { kFloat32 = 0, kFloat64 = 1, kInt32 = 2, kBool = 3 };

constexpr int64_t BytesOf(DType dtype) {
  return dtype == DType::kFloat64 ? 8 : dtype == DType::kBool ? 1 : 4;
}

// The most dimensions an operand may have.
inline constexpr int kMaxRank = 16;

struct Ref {
  bool slot = false;
  int32_t index = 0;
  int64_t offset = 0;  // bytes
};

struct View {
  Ref ref;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> strides;  // elements
};

struct Slot {
  DType dtype = DType::kFloat32;
  int64_t bytes = 0;
};

// In the order of INSTRUCTION_CODES in lib/lower/encode.ts.
enum class Op : int {
  kConstant,
  kIota,
  kNeg,
  kAbs,
  kSign,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSqrt,
  kSin,
  kCos,
  kTanh,
  kLogistic,
  kFloor,
  kTrunc,
  kNot,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMax,
  kMin,
  kLt,
  kLe,
  kGt,
  kGe,
  kEq,
  kNe,
  kAnd,
  kOr,
  kSelect,
};

struct Instruction {
  Op op = Op::kConstant;
  double value = 0;             // kConstant
  int32_t args[3] = {0, 0, 0};  // registers; args[0] is the dimension for kIota
};

struct Expression {
  DType compute = DType::kFloat32;
  std::vector<int64_t> dims;
  std::vector<View> loads;
  std::vector<Instruction> code;
};

struct RegisterView {
  int32_t reg = 0;
  View view;
};

struct MapStep {
  Expression expression;
  std::vector<RegisterView> stores;
};

enum class ReduceKind : int { kSum = 0, kMax = 1, kMin = 2 };

struct ReduceStep {
  Expression expression;
  ReduceKind kind = ReduceKind::kSum;
  int32_t reduced = 0;  // trailing dimensions
  std::vector<RegisterView> outputs;
};

struct ArgmaxStep {
  DType dtype = DType::kFloat32;
  int64_t outer = 0, axis = 0, inner = 0;
  Ref x, y;
};

struct BatchedRef {
  Ref ref;
  std::vector<int64_t> strides;
};

struct MatmulStep {
  DType dtype = DType::kFloat32;
  int64_t m = 0, n = 0, k = 0;
  bool trans_a = false, trans_b = false;
  int64_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;
  std::vector<int64_t> batch;
  BatchedRef a, b, c;
};

struct Window2d {
  int64_t n = 0, h = 0, w = 0, c = 0;
  int64_t kh = 0, kw = 0, o = 0;
  int64_t stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
  int64_t oh = 0, ow = 0;
};

struct LanedRef {
  Ref ref;
  int64_t lane_stride = 0;  // elements
};

enum class ConvKind : int { kForward, kInputGrad, kFilterGrad };

struct ConvStep {
  ConvKind kind = ConvKind::kForward;
  DType dtype = DType::kFloat32;
  Window2d window;
  int64_t lanes = 1;
  bool accumulate = false;
  LanedRef a, b, out;
};

enum class PoolKind : int { kAvg, kAvgGrad, kMax, kMaxGrad, kMaxTangent };

struct PoolStep {
  PoolKind kind = PoolKind::kAvg;
  DType dtype = DType::kFloat32;
  Window2d window;
  int64_t lanes = 1;
  LanedRef a, b, out;  // b only for kMaxGrad and kMaxTangent
};

struct GatherStep {
  bool scatter_add = false;
  DType dtype = DType::kFloat32;
  int64_t count = 0, rows = 0, row_size = 0, lanes = 1;
  Ref index;
  LanedRef table, out;
};

struct RandomStep {
  DType dtype = DType::kFloat32;
  int64_t count = 0;
  int64_t site = 0;
  Ref key, out;
};

struct Program;

enum class SlotAccess : int { kRead = 0, kWrite = 1, kSum = 2 };

struct BlockSlot {
  Ref ref;
  SlotAccess access = SlotAccess::kRead;
  int64_t block_stride = 0, part_stride = 0;  // bytes
};

struct BlocksStep {
  int64_t blocks = 0, parts = 0;
  std::shared_ptr<const Program> program;
  std::vector<BlockSlot> slots;
};

using Step = std::variant<MapStep, ReduceStep, ArgmaxStep, MatmulStep, ConvStep, PoolStep,
                          GatherStep, RandomStep, BlocksStep>;

struct Program {
  int64_t arena_bytes = 0;
  std::vector<Slot> slots;
  std::vector<Step> steps;
};

// Must equal ENCODING_VERSION in lib/lower/encode.ts.
inline constexpr int kEncodingVersion = 2;

// Throws std::invalid_argument when the stream is malformed, of another
// version, or refers to a slot, register or dimension that does not exist.
Program DecodeProgram(const double* code, size_t length);

}  // namespace glocal
