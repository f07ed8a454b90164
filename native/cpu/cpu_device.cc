#include "cpu/cpu_device.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/kernels.h"
#include "cpu/thread_pool.h"

namespace glocal::cpu {
namespace {

constexpr size_t kAlignment = 64;

// Zero-filled memory that starts on a cache line. calloc leaves untouched pages to the system.
class Memory {
 public:
  Memory() = default;
  explicit Memory(size_t bytes) : raw_(std::calloc(bytes + kAlignment, 1)) {
    if (!raw_) throw std::bad_alloc();
  }

  std::byte* data() const {
    const auto address = reinterpret_cast<uintptr_t>(raw_.get());
    return reinterpret_cast<std::byte*>((address + kAlignment - 1) & ~(kAlignment - 1));
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> raw_;
};

class CpuBuffer final : public Buffer {
 public:
  CpuBuffer(const Device* device, int64_t bytes)
      : Buffer(device, bytes), memory_(static_cast<size_t>(bytes)) {}

  std::byte* data() const { return memory_.data(); }

  void Write(int64_t offset, const void* source, int64_t bytes) override {
    std::memcpy(data() + offset, source, static_cast<size_t>(bytes));
  }
  void WriteRows(int64_t offset, const HostRows& rows) override { CopyRows(rows, data() + offset); }
  void Read(int64_t offset, void* target, int64_t bytes) const override {
    std::memcpy(target, data() + offset, static_cast<size_t>(bytes));
  }

 private:
  Memory memory_;
};

class CpuExecutable final : public Executable {
 public:
  CpuExecutable(const Device* device, Program program, bool poison)
      : Executable(device, std::move(program)), poison_(poison) {}
  bool poison() const { return poison_; }

 private:
  bool poison_;
};

std::byte* Address(Place place) {
  return static_cast<CpuBuffer*>(place.buffer)->data() + place.offset;
}

class CpuDevice final : public Device {
 public:
  CpuDevice(int threads, const Kernels& kernels) : kernels_(kernels), pool_(threads) {}

  int threads() const override { return pool_.threads(); }
  std::string simd() const override { return kernels_.name; }

  std::unique_ptr<Buffer> Allocate(int64_t bytes) override {
    return std::make_unique<CpuBuffer>(this, bytes);
  }

  std::unique_ptr<Executable> Compile(Program program, const CompileOptions& options) override {
    return std::make_unique<CpuExecutable>(this, std::move(program), options.poison);
  }

  void Call(const Executable& executable, const Place* slots) override {
    const Program& program = executable.program();
    std::byte* arena = Arena(static_cast<size_t>(program.arena_bytes));
    if (static_cast<const CpuExecutable&>(executable).poison()) {
      std::memset(arena, 0xFF, static_cast<size_t>(program.arena_bytes));
    }
    addresses_.resize(program.slots.size());
    for (size_t i = 0; i < addresses_.size(); i++) addresses_[i] = Address(slots[i]);
    const Context context = {arena, addresses_.data(), &pool_};
    for (const Step& step : program.steps) RunStep(step, context);
  }

  void Copy(Place from, Place to, int64_t bytes) override {
    std::memmove(Address(to), Address(from), static_cast<size_t>(bytes));
  }

  void Zero(Place at, int64_t bytes) override {
    std::memset(Address(at), 0, static_cast<size_t>(bytes));
  }

  void Finish() override {}

 private:
  // One block serves all programs, since they run one after the other.
  std::byte* Arena(size_t bytes) {
    if (arena_bytes_ < bytes) {
      arena_ = Memory();
      arena_bytes_ = 0;
      arena_ = Memory(bytes);
      arena_bytes_ = bytes;
    }
    return arena_.data();
  }

  void RunStep(const Step& step, const Context& context) const {
    struct Visitor {
      const Kernels& kernels;
      const Context& context;
      void operator()(const MapStep& s) const { kernels.map(s, context); }
      void operator()(const ReduceStep& s) const { kernels.reduce(s, context); }
      void operator()(const ArgmaxStep& s) const { kernels.argmax(s, context); }
      void operator()(const MatmulStep& s) const { kernels.matmul(s, context); }
      void operator()(const ConvStep& s) const { kernels.conv(s, context); }
      void operator()(const PoolStep& s) const { kernels.pool(s, context); }
      void operator()(const GatherStep& s) const { kernels.gather(s, context); }
      void operator()(const RandomStep& s) const { kernels.random(s, context); }
    };
    std::visit(Visitor{kernels_, context}, step);
  }

  const Kernels& kernels_;
  ThreadPool pool_;
  Memory arena_;
  size_t arena_bytes_ = 0;
  std::vector<std::byte*> addresses_;
};

}  // namespace

std::shared_ptr<Device> CreateDevice(int threads, std::string_view simd) {
  return std::make_shared<CpuDevice>(threads, ChooseKernels(simd));
}

}  // namespace glocal::cpu
