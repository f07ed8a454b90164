#include "cuda/launches.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "number_reader.h"

namespace glocal::cuda {
namespace {

constexpr int64_t kMostSlots = 1 << 20;
constexpr int64_t kMostLaunches = 1 << 24;
// The driver passes no more than 4 KiB of parameters to a kernel.
constexpr int64_t kMostArguments = 4096 / 8;
constexpr int64_t kMostBlocks[3] = {INT32_MAX, UINT16_MAX, UINT16_MAX};
constexpr int64_t kMostThreads[3] = {1024, 1024, 64};
constexpr int64_t kMostThreadsOfBlock = 1024;

enum class LaunchCode : int { kKernel = 0, kProduct = 1, kZero = 2 };

// The driver takes no launch of nothing.
bool IsEmpty(const Launch& launch) {
  const auto* kernel = std::get_if<KernelLaunch>(&launch);
  return kernel && std::count(kernel->grid, kernel->grid + 3, 0u) > 0;
}

class Decoder {
 public:
  explicit Decoder(const ProgramSource& source)
      : source_(source), in_(source.code, source.length) {}

  LaunchProgram Run() {
    CheckKernels();
    const int64_t version = Size("a version of launches");
    if (version != kLaunchesVersion) {
      ThrowExpected("launches of version " + std::to_string(kLaunchesVersion),
                    std::to_string(version));
    }
    program_.arena_bytes = Size("the arena's bytes");
    program_.slots.resize(Integer("the number of slots", 0, kMostSlots));
    for (Slot& slot : program_.slots) {
      slot.dtype = static_cast<DType>(Integer("a dtype", 0, 3));
      slot.bytes = Size("a slot's bytes");
    }
    const int64_t launches = Integer("the number of launches", 0, kMostLaunches);
    for (int64_t i = 0; i < launches; i++) {
      NumberReader body = in_.Part("a launch", Integer("a launch's length", 1, kLargestInteger));
      std::swap(in_, body);
      Launch launch = ReadLaunch();
      if (!IsEmpty(launch)) program_.launches.push_back(std::move(launch));
      if (!in_.done()) {
        ThrowExpected("launch " + std::to_string(i) + " to end here",
                      std::to_string(in_.left()) + " more numbers");
      }
      in_ = body;
    }
    if (!in_.done()) {
      ThrowExpected("the end of the stream", std::to_string(in_.left()) + " more numbers");
    }
    return std::move(program_);
  }

 private:
  int64_t Integer(const char* what, int64_t low, int64_t high) {
    return in_.Integer(what, low, high);
  }
  int64_t Size(const char* what) { return Integer(what, 0, kLargestInteger); }
  int32_t Size32(const char* what) { return static_cast<int32_t>(Integer(what, 0, INT32_MAX)); }
  bool Flag(const char* what) { return Integer(what, 0, 1) != 0; }

  void CheckKernels() const {
    const int modules = static_cast<int>(source_.modules.size());
    for (const KernelName& kernel : source_.kernels) {
      if (kernel.module >= modules) {
        ThrowExpected(
            "kernel " + kernel.name + " to be in one of " + std::to_string(modules) + " modules",
            "module " + std::to_string(kernel.module));
      }
    }
  }

  int64_t SpaceOf(const Ref& ref) const {
    return ref.slot ? program_.slots[ref.index].bytes : program_.arena_bytes;
  }

  // A place from which `bytes` lie within the slot or the arena.
  void CheckRange(const Ref& ref, int64_t bytes) const {
    if (bytes > SpaceOf(ref) - ref.offset) {
      ThrowExpected("an operand within the " + std::to_string(SpaceOf(ref)) + " bytes of " +
                        (ref.slot ? "slot " + std::to_string(ref.index) : "the arena"),
                    std::to_string(bytes) + " bytes from " + std::to_string(ref.offset));
    }
  }

  Ref ReadRef() {
    Ref ref;
    ref.slot = Flag("a space");
    const int64_t slots = static_cast<int64_t>(program_.slots.size());
    ref.index = static_cast<int32_t>(Integer("a slot", 0, ref.slot ? slots - 1 : 0));
    ref.offset = Size("an offset");
    CheckRange(ref, 0);
    return ref;
  }

  Launch ReadLaunch() {
    switch (static_cast<LaunchCode>(Integer("a launch's code", 0, 2))) {
      case LaunchCode::kKernel:
        return ReadKernel();
      case LaunchCode::kProduct:
        return ReadProduct();
      case LaunchCode::kZero:
        return ReadZero();
    }
    ThrowExpected("a known launch", "another");
  }

  Argument ReadArgument() {
    Argument argument;
    argument.is_address = Flag("the kind of an argument");
    if (argument.is_address) {
      argument.ref = ReadRef();
    } else {
      argument.value = Integer("an argument", -kLargestInteger, kLargestInteger);
    }
    return argument;
  }

  KernelLaunch ReadKernel() {
    KernelLaunch launch;
    const int64_t kernels = static_cast<int64_t>(source_.kernels.size());
    launch.kernel = static_cast<int32_t>(Integer("the index of a kernel", 0, kernels - 1));
    for (int i = 0; i < 3; i++) {
      launch.grid[i] = static_cast<uint32_t>(Integer("a number of blocks", 0, kMostBlocks[i]));
    }
    int64_t threads = 1;
    for (int i = 0; i < 3; i++) {
      launch.block[i] = static_cast<uint32_t>(Integer("a number of threads", 1, kMostThreads[i]));
      threads *= launch.block[i];
    }
    if (threads > kMostThreadsOfBlock) {
      ThrowExpected("at most " + std::to_string(kMostThreadsOfBlock) + " threads in a block",
                    std::to_string(threads));
    }
    launch.arguments.resize(Integer("the number of arguments", 0, kMostArguments));
    for (Argument& argument : launch.arguments) argument = ReadArgument();
    return launch;
  }

  // Throws unless `count` matrices, `stride` elements apart, lie within the operand's space.
  void CheckMatrices(const Ref& ref, const ProductLaunch& launch, int64_t rows, int64_t columns,
                     int64_t leading, int64_t stride) const {
    if (rows == 0 || columns == 0 || launch.count == 0) return;
    if (leading < columns) {
      ThrowExpected("rows at least " + std::to_string(columns) + " elements apart",
                    std::to_string(leading));
    }
    int64_t elements;
    if (__builtin_mul_overflow(int64_t{launch.count} - 1, stride, &elements) ||
        __builtin_add_overflow(elements, (rows - 1) * leading + columns, &elements) ||
        elements > kLargestInteger) {
      ThrowExpected("a size below 2^53", "a larger one");
    }
    CheckRange(ref, elements * BytesOf(launch.dtype));
  }

  ProductLaunch ReadProduct() {
    ProductLaunch p;
    p.dtype = static_cast<DType>(Integer("a floating dtype", 0, 1));
    p.tf32 = Flag("tf32");
    p.m = Size32("m");
    p.n = Size32("n");
    p.k = Size32("k");
    p.trans_a = Flag("trans_a");
    p.trans_b = Flag("trans_b");
    p.lda = Size32("lda");
    p.ldb = Size32("ldb");
    p.ldc = Size32("ldc");
    p.accumulate = Flag("accumulate");
    p.count = Size32("the number of matrices");
    p.stride_a = Size("a stride");
    p.stride_b = Size("a stride");
    p.stride_c = Size("a stride");
    p.a = ReadRef();
    p.b = ReadRef();
    p.c = ReadRef();
    // A matrix of one row may come with any distance between rows.
    const auto settle = [](int32_t& leading, int32_t rows, int32_t columns) {
      if (rows <= 1) leading = std::max(leading, columns);
      leading = std::max(leading, 1);
    };
    const int32_t a_rows = p.trans_a ? p.k : p.m, a_columns = p.trans_a ? p.m : p.k;
    const int32_t b_rows = p.trans_b ? p.n : p.k, b_columns = p.trans_b ? p.k : p.n;
    settle(p.lda, a_rows, a_columns);
    settle(p.ldb, b_rows, b_columns);
    settle(p.ldc, p.m, p.n);
    CheckMatrices(p.a, p, a_rows, a_columns, p.lda, p.stride_a);
    CheckMatrices(p.b, p, b_rows, b_columns, p.ldb, p.stride_b);
    CheckMatrices(p.c, p, p.m, p.n, p.ldc, p.stride_c);
    if (p.count > 1 && p.stride_c == 0) {
      ThrowExpected("memory of its own for each result", "one place for all");
    }
    return p;
  }

  ZeroLaunch ReadZero() {
    ZeroLaunch zero;
    zero.at = ReadRef();
    zero.bytes = Size("the bytes of a zero");
    CheckRange(zero.at, zero.bytes);
    return zero;
  }

  const ProgramSource& source_;
  NumberReader in_;
  LaunchProgram program_;
};

}  // namespace

LaunchProgram DecodeLaunches(const ProgramSource& source) { return Decoder(source).Run(); }

}  // namespace glocal::cuda
