#include "program.h"

#include <algorithm>
#include <string>

#include "number_reader.h"

namespace glocal {
namespace {

constexpr int64_t kMostSlots = 1 << 20;
constexpr int64_t kMostSteps = 1 << 24;
constexpr int64_t kMostLoads = 1 << 10;
constexpr int64_t kMostInstructions = 1 << 12;

enum class StepCode : int {
  kMap,
  kReduce,
  kArgmax,
  kMatmul,
  kConv,
  kConvInputGrad,
  kConvFilterGrad,
  kAvgPool,
  kAvgPoolGrad,
  kMaxPool,
  kMaxPoolGrad,
  kMaxPoolTangent,
  kGather,
  kScatterAdd,
  kRandom,
  kBlocks,
};
constexpr int64_t kLastStepCode = static_cast<int64_t>(StepCode::kBlocks);

int64_t Product(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) ThrowExpected("a size below 2^63", "a larger one");
  return product;
}

int64_t Sum(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) ThrowExpected("a size below 2^63", "a larger one");
  return sum;
}

// The lowest and highest element that strided indices reach, relative to the start of an operand.
class Extent {
 public:
  Extent& Add(int64_t size, int64_t stride) {
    if (size == 0) {
      empty_ = true;
      return *this;
    }
    const int64_t reach = Product(size - 1, stride);
    (reach < 0 ? low_ : high_) = Sum(reach < 0 ? low_ : high_, reach);
    return *this;
  }
  // A further dense block of `size` elements at each index.
  Extent& AddBlock(int64_t size) { return Add(size, 1); }

  bool empty() const { return empty_; }
  int64_t low() const { return low_; }
  int64_t high() const { return high_; }

 private:
  bool empty_ = false;
  int64_t low_ = 0, high_ = 0;
};

int Arity(Op op) {
  if (op == Op::kSelect) return 3;
  return op >= Op::kAdd ? 2 : 1;
}

class Decoder {
 public:
  Decoder(const NumberReader& in, bool nested) : in_(in), nested_(nested) {}

  // Reads one program, and no further.
  Program Run() {
    program_.arena_bytes = Size("the arena's bytes");
    program_.slots.resize(Integer("the number of slots", 0, kMostSlots));
    for (Slot& slot : program_.slots) {
      slot.dtype = AnyDType();
      slot.bytes = Size("a slot's bytes");
    }
    const int64_t steps = Integer("the number of steps", 0, kMostSteps);
    for (int64_t i = 0; i < steps; i++) {
      const NumberReader rest = NextStep();
      program_.steps.push_back(ReadStep());
      if (!in_.done()) {
        ThrowExpected("step " + std::to_string(i) + " to end here",
                      std::to_string(in_.left()) + " more numbers");
      }
      in_ = rest;
    }
    return std::move(program_);
  }

  const NumberReader& rest() const { return in_; }

 private:
  // Narrows the stream to the next step; returns what follows it.
  NumberReader NextStep() {
    const size_t length = Integer("a step's length", 1, kLargestInteger);
    const NumberReader body = in_.Part("a step", length);
    const NumberReader rest = in_;
    in_ = body;
    return rest;
  }

  int64_t Integer(const char* what, int64_t low, int64_t high) {
    return in_.Integer(what, low, high);
  }
  int64_t Size(const char* what) { return Integer(what, 0, kLargestInteger); }
  int64_t Count(const char* what) { return Integer(what, 1, kLargestInteger); }
  int64_t Stride() { return Integer("a stride", -kLargestInteger, kLargestInteger); }
  bool Flag(const char* what) { return Integer(what, 0, 1) != 0; }

  DType AnyDType() { return static_cast<DType>(Integer("a dtype", 0, 3)); }
  DType FloatDType() { return static_cast<DType>(Integer("a floating dtype", 0, 1)); }

  Ref ReadRef() {
    Ref ref;
    ref.slot = Flag("a space");
    const int64_t slots = static_cast<int64_t>(program_.slots.size());
    ref.index = static_cast<int32_t>(Integer("a slot", 0, ref.slot ? slots - 1 : 0));
    ref.offset = Size("an offset");
    return ref;
  }

  // Throws unless every element that `extent` reaches lies within the operand's space.
  void Check(const Ref& ref, DType dtype, const Extent& extent) const {
    const int64_t size = BytesOf(dtype);
    if (ref.offset % size != 0) {
      ThrowExpected("an offset that is a multiple of " + std::to_string(size),
                    std::to_string(ref.offset));
    }
    if (ref.slot && program_.slots[ref.index].dtype != dtype) {
      ThrowExpected("slot " + std::to_string(ref.index) + " to be used with its own dtype",
                    "another dtype");
    }
    if (extent.empty()) return;
    const int64_t space = ref.slot ? program_.slots[ref.index].bytes : program_.arena_bytes;
    const int64_t begin = Sum(ref.offset, Product(extent.low(), size));
    const int64_t end = Sum(ref.offset, Product(Sum(extent.high(), 1), size));
    if (begin < 0 || end > space) {
      ThrowExpected("an operand within the " + std::to_string(space) + " bytes of " +
                        (ref.slot ? "slot " + std::to_string(ref.index) : "the arena"),
                    "bytes [" + std::to_string(begin) + ", " + std::to_string(end) + ")");
    }
  }

  View ReadView(const int64_t* dims, size_t rank) {
    View view;
    view.ref = ReadRef();
    view.dtype = AnyDType();
    const size_t strides = Integer("the number of strides", 0, kMaxRank);
    if (strides != rank) {
      ThrowExpected(std::to_string(rank) + " strides", std::to_string(strides));
    }
    Extent extent;
    for (size_t i = 0; i < rank; i++) {
      view.strides.push_back(Stride());
      extent.Add(dims[i], view.strides[i]);
    }
    Check(view.ref, view.dtype, extent);
    return view;
  }

  RegisterView ReadRegisterView(const Expression& e, size_t rank) {
    RegisterView out;
    const int64_t registers = static_cast<int64_t>(e.loads.size() + e.code.size());
    out.reg = static_cast<int32_t>(Integer("a register", 0, registers - 1));
    out.view = ReadView(e.dims.data(), rank);
    return out;
  }

  Instruction ReadInstruction(const Expression& e) {
    const int64_t registers = static_cast<int64_t>(e.loads.size() + e.code.size());
    Instruction instruction;
    instruction.op = static_cast<Op>(Integer("an opcode", 0, static_cast<int64_t>(Op::kSelect)));
    if (instruction.op == Op::kConstant) {
      instruction.value = in_.Number("a constant");
    } else if (instruction.op == Op::kIota) {
      const int64_t rank = static_cast<int64_t>(e.dims.size());
      instruction.args[0] = static_cast<int32_t>(Integer("a dimension", 0, rank - 1));
    } else {
      for (int i = 0; i < Arity(instruction.op); i++) {
        instruction.args[i] = static_cast<int32_t>(Integer("a register", 0, registers - 1));
      }
    }
    return instruction;
  }

  Expression ReadExpression() {
    Expression e;
    e.compute = FloatDType();
    const int64_t rank = Integer("the number of dimensions", 0, kMaxRank);
    int64_t size = 1;
    for (int64_t i = 0; i < rank; i++) {
      e.dims.push_back(Size("a dimension"));
      size = Product(size, std::max<int64_t>(e.dims.back(), 1));
    }
    const int64_t loads = Integer("the number of loads", 0, kMostLoads);
    for (int64_t i = 0; i < loads; i++) e.loads.push_back(ReadView(e.dims.data(), e.dims.size()));
    const int64_t instructions = Integer("the number of instructions", 0, kMostInstructions);
    for (int64_t i = 0; i < instructions; i++) e.code.push_back(ReadInstruction(e));
    return e;
  }

  MapStep ReadMap() {
    MapStep step;
    step.expression = ReadExpression();
    const int64_t stores = Integer("the number of stores", 0, kMostLoads);
    for (int64_t i = 0; i < stores; i++) {
      step.stores.push_back(ReadRegisterView(step.expression, step.expression.dims.size()));
    }
    return step;
  }

  ReduceStep ReadReduce() {
    ReduceStep step;
    step.expression = ReadExpression();
    const int64_t rank = static_cast<int64_t>(step.expression.dims.size());
    step.kind = static_cast<ReduceKind>(Integer("a kind of reduction", 0, 2));
    step.reduced = static_cast<int32_t>(Integer("the number of reduced dimensions", 0, rank));
    const int64_t outputs = Integer("the number of outputs", 0, kMostLoads);
    for (int64_t i = 0; i < outputs; i++) {
      step.outputs.push_back(ReadRegisterView(step.expression, rank - step.reduced));
    }
    return step;
  }

  ArgmaxStep ReadArgmax() {
    ArgmaxStep step;
    step.dtype = AnyDType();
    step.outer = Size("the outer size");
    step.axis = Integer("the axis's size", 1, INT32_MAX);
    step.inner = Size("the inner size");
    step.x = ReadRef();
    step.y = ReadRef();
    const int64_t outputs = Product(step.outer, step.inner);
    Check(step.x, step.dtype, Extent().AddBlock(Product(outputs, step.axis)));
    Check(step.y, DType::kInt32, Extent().AddBlock(outputs));
    return step;
  }

  BatchedRef ReadBatched(const MatmulStep& step, int64_t rows, int64_t columns, int64_t leading) {
    BatchedRef operand;
    operand.ref = ReadRef();
    const size_t strides = Integer("the number of batch strides", 0, kMaxRank);
    if (strides != step.batch.size()) {
      ThrowExpected(std::to_string(step.batch.size()) + " batch strides", std::to_string(strides));
    }
    if (leading < columns) {
      ThrowExpected("a leading dimension of at least " + std::to_string(columns),
                    std::to_string(leading));
    }
    Extent extent;
    for (size_t i = 0; i < strides; i++) {
      operand.strides.push_back(Stride());
      extent.Add(step.batch[i], operand.strides[i]);
    }
    Check(operand.ref, step.dtype, extent.Add(rows, leading).AddBlock(columns));
    return operand;
  }

  MatmulStep ReadMatmul() {
    MatmulStep step;
    step.dtype = FloatDType();
    // OpenBLAS counts in 32 bits.
    step.m = Integer("m", 0, INT32_MAX);
    step.n = Integer("n", 0, INT32_MAX);
    step.k = Integer("k", 0, INT32_MAX);
    step.trans_a = Flag("transA");
    step.trans_b = Flag("transB");
    step.lda = Integer("lda", 0, INT32_MAX);
    step.ldb = Integer("ldb", 0, INT32_MAX);
    step.ldc = Integer("ldc", 0, INT32_MAX);
    step.accumulate = Flag("accumulate");
    const int64_t rank = Integer("the number of batch dimensions", 0, kMaxRank);
    int64_t size = 1;
    for (int64_t i = 0; i < rank; i++) {
      step.batch.push_back(Size("a batch dimension"));
      size = Product(size, std::max<int64_t>(step.batch.back(), 1));
    }
    step.a = step.trans_a ? ReadBatched(step, step.k, step.m, step.lda)
                          : ReadBatched(step, step.m, step.k, step.lda);
    step.b = step.trans_b ? ReadBatched(step, step.n, step.k, step.ldb)
                          : ReadBatched(step, step.k, step.n, step.ldb);
    step.c = ReadBatched(step, step.m, step.n, step.ldc);
    return step;
  }

  Window2d ReadWindow() {
    Window2d w;
    for (int64_t* size : {&w.n, &w.h, &w.w, &w.c, &w.kh, &w.kw, &w.o}) {
      *size = Integer("a size of a window", 0, INT32_MAX);
    }
    w.stride_h = Integer("a vertical stride", 1, INT32_MAX);
    w.stride_w = Integer("a horizontal stride", 1, INT32_MAX);
    w.pad_top = Integer("the padding at the top", 0, INT32_MAX);
    w.pad_left = Integer("the padding at the left", 0, INT32_MAX);
    w.oh = Integer("the output's height", 0, INT32_MAX);
    w.ow = Integer("the output's width", 0, INT32_MAX);
    return w;
  }

  static int64_t InputSize(const Window2d& w) {
    return Product(Product(w.n, w.h), Product(w.w, w.c));
  }
  static int64_t FilterSize(const Window2d& w) {
    return Product(Product(w.kh, w.kw), Product(w.c, w.o));
  }
  static int64_t OutputSize(const Window2d& w) {
    return Product(Product(w.n, w.oh), Product(w.ow, w.o));
  }

  LanedRef ReadLaned(DType dtype, int64_t lanes, int64_t size) {
    LanedRef operand;
    operand.ref = ReadRef();
    operand.lane_stride = Stride();
    Check(operand.ref, dtype, Extent().Add(lanes, operand.lane_stride).AddBlock(size));
    return operand;
  }

  ConvStep ReadConv(ConvKind kind) {
    ConvStep step;
    step.kind = kind;
    step.dtype = FloatDType();
    step.window = ReadWindow();
    step.lanes = Count("the number of lanes");
    step.accumulate = Flag("accumulate");
    const int64_t input = InputSize(step.window);
    const int64_t filter = FilterSize(step.window);
    const int64_t output = OutputSize(step.window);
    step.a = ReadLaned(step.dtype, step.lanes, kind == ConvKind::kInputGrad ? output : input);
    step.b = ReadLaned(step.dtype, step.lanes, kind == ConvKind::kFilterGrad ? output : filter);
    step.out = ReadLaned(step.dtype, step.lanes,
                         kind == ConvKind::kForward     ? output
                         : kind == ConvKind::kInputGrad ? input
                                                        : filter);
    return step;
  }

  // Every window must cover a part of the input, or a maximum would have nothing to choose from.
  static void CheckPoolWindow(const Window2d& w) {
    const bool covers = w.kh > w.pad_top && w.kw > w.pad_left &&
                        (w.oh - 1) * w.stride_h - w.pad_top < w.h &&
                        (w.ow - 1) * w.stride_w - w.pad_left < w.w;
    if (!covers) ThrowExpected("every pooling window to cover some input", "one that covers none");
    if (w.o != w.c) ThrowExpected("as many output as input channels", std::to_string(w.o));
  }

  PoolStep ReadPool(PoolKind kind) {
    PoolStep step;
    step.kind = kind;
    step.dtype = FloatDType();
    step.window = ReadWindow();
    CheckPoolWindow(step.window);
    step.lanes = Count("the number of lanes");
    const int64_t input = InputSize(step.window);
    const int64_t output = OutputSize(step.window);
    const bool from_output = kind == PoolKind::kAvgGrad;
    const bool to_input = kind == PoolKind::kAvgGrad || kind == PoolKind::kMaxGrad;
    step.a = ReadLaned(step.dtype, step.lanes, from_output ? output : input);
    if (kind == PoolKind::kMaxGrad) step.b = ReadLaned(step.dtype, step.lanes, output);
    if (kind == PoolKind::kMaxTangent) step.b = ReadLaned(step.dtype, step.lanes, input);
    step.out = ReadLaned(step.dtype, step.lanes, to_input ? input : output);
    return step;
  }

  GatherStep ReadGather(bool scatter_add) {
    GatherStep step;
    step.scatter_add = scatter_add;
    step.dtype = AnyDType();
    if (scatter_add && step.dtype == DType::kBool) ThrowExpected("numbers to add", "bool");
    step.count = Size("the number of indices");
    step.rows = Size("the number of rows");
    step.row_size = Size("the size of a row");
    step.lanes = Count("the number of lanes");
    step.index = ReadRef();
    Check(step.index, DType::kInt32, Extent().AddBlock(step.count));
    const int64_t indexed = Product(step.rows, step.row_size);
    const int64_t listed = Product(step.count, step.row_size);
    step.table = ReadLaned(step.dtype, step.lanes, scatter_add ? listed : indexed);
    step.out = ReadLaned(step.dtype, step.lanes, scatter_add ? indexed : listed);
    return step;
  }

  RandomStep ReadRandom() {
    RandomStep step;
    step.dtype = FloatDType();
    step.count = Size("the number of random numbers");
    step.site = Integer("a site", 0, UINT32_MAX);
    step.key = ReadRef();
    step.out = ReadRef();
    Check(step.key, DType::kInt32, Extent().AddBlock(2));
    Check(step.out, step.dtype, Extent().AddBlock(step.count));
    return step;
  }

  BlockSlot ReadBlockSlot(const BlocksStep& step, const Slot& bound) {
    BlockSlot slot;
    slot.ref = ReadRef();
    slot.access = static_cast<SlotAccess>(Integer("an access", 0, 2));
    slot.block_stride = Size("bytes from block to block");
    slot.part_stride = Size("bytes from part to part");
    const int64_t size = BytesOf(bound.dtype);
    if (slot.block_stride % size != 0 || slot.part_stride % size != 0) {
      ThrowExpected("strides that are multiples of " + std::to_string(size), "others");
    }
    // Threads that run side by side must not write the same memory.
    const bool apart =
        slot.access == SlotAccess::kRead ||
        (slot.access == SlotAccess::kWrite ? step.blocks == 1 || slot.block_stride >= bound.bytes
                                           : step.parts == 1 || slot.part_stride >= bound.bytes);
    if (!apart) ThrowExpected("memory of its own for every block or part that writes", "shared");
    if (slot.access == SlotAccess::kSum && slot.block_stride != 0) {
      ThrowExpected("one sum for all blocks of a part", "one for each");
    }
    const Extent extent = Extent()
                              .Add(step.blocks, slot.block_stride / size)
                              .Add(step.parts, slot.part_stride / size)
                              .AddBlock((bound.bytes + size - 1) / size);
    Check(slot.ref, bound.dtype, extent);
    return slot;
  }

  BlocksStep ReadBlocks() {
    if (nested_) ThrowExpected("blocks in the outermost program only", "blocks inside of blocks");
    BlocksStep step;
    // So few that the products with which they are dealt out to parts fit.
    step.blocks = Integer("the number of blocks", 1, INT32_MAX);
    step.parts = Integer("the number of parts", 1, step.blocks);
    Decoder nested(in_, true);
    step.program = std::make_shared<Program>(nested.Run());
    in_ = nested.rest();
    for (const Slot& slot : step.program->slots) step.slots.push_back(ReadBlockSlot(step, slot));
    return step;
  }

  Step ReadStep() {
    switch (static_cast<StepCode>(Integer("a step's code", 0, kLastStepCode))) {
      case StepCode::kMap:
        return ReadMap();
      case StepCode::kReduce:
        return ReadReduce();
      case StepCode::kArgmax:
        return ReadArgmax();
      case StepCode::kMatmul:
        return ReadMatmul();
      case StepCode::kConv:
        return ReadConv(ConvKind::kForward);
      case StepCode::kConvInputGrad:
        return ReadConv(ConvKind::kInputGrad);
      case StepCode::kConvFilterGrad:
        return ReadConv(ConvKind::kFilterGrad);
      case StepCode::kAvgPool:
        return ReadPool(PoolKind::kAvg);
      case StepCode::kAvgPoolGrad:
        return ReadPool(PoolKind::kAvgGrad);
      case StepCode::kMaxPool:
        return ReadPool(PoolKind::kMax);
      case StepCode::kMaxPoolGrad:
        return ReadPool(PoolKind::kMaxGrad);
      case StepCode::kMaxPoolTangent:
        return ReadPool(PoolKind::kMaxTangent);
      case StepCode::kGather:
        return ReadGather(false);
      case StepCode::kScatterAdd:
        return ReadGather(true);
      case StepCode::kRandom:
        return ReadRandom();
      case StepCode::kBlocks:
        return ReadBlocks();
    }
    ThrowExpected("a known step", "another");
  }

  NumberReader in_;
  bool nested_;
  Program program_;
};

}  // namespace

Program DecodeProgram(const double* code, size_t length) {
  NumberReader in(code, length);
  const int64_t version = in.Integer("an encoding version", 0, kLargestInteger);
  if (version != kEncodingVersion) {
    ThrowExpected("encoding version " + std::to_string(kEncodingVersion), std::to_string(version));
  }
  Decoder decoder(in, false);
  Program program = decoder.Run();
  if (!decoder.rest().done()) {
    ThrowExpected("the end of the stream", std::to_string(decoder.rest().left()) + " more numbers");
  }
  return program;
}

}  // namespace glocal
