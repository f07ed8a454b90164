#include "cpu/cpu_device.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/kernels.h"
#include "cpu/memory.h"
#include "cpu/program_runner.h"

namespace glocal::cpu {
namespace {

constexpr int64_t kRowBytesPerTask = int64_t{1} << 20;

class CpuBuffer final : public Buffer {
 public:
  CpuBuffer(const Device* device, int64_t bytes)
      : Buffer(device, bytes), memory_(static_cast<size_t>(bytes)) {}

  std::byte* data() const { return memory_.data(); }

  void Write(int64_t offset, const void* source, int64_t bytes) override {
    std::memcpy(data() + offset, source, static_cast<size_t>(bytes));
  }
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
  CpuDevice(int threads, const Kernels& kernels) : simd_(kernels.name), runner_(threads, kernels) {}

  int threads() const override { return runner_.threads(); }
  std::string simd() const override { return simd_; }

  std::unique_ptr<Buffer> Allocate(int64_t bytes) override {
    return std::make_unique<CpuBuffer>(this, bytes);
  }

  std::unique_ptr<Executable> Compile(Program program, const CompileOptions& options) override {
    return std::make_unique<CpuExecutable>(this, std::move(program), options.poison);
  }

  // All threads: most of the time goes into touching new pages.
  void WriteRows(Buffer& buffer, int64_t offset, const HostRows& rows) override {
    std::byte* target = static_cast<CpuBuffer&>(buffer).data() + offset;
    const int64_t bytes_each = std::max<int64_t>(1, rows.row_bytes * rows.value_bytes);
    const int64_t grain = std::max<int64_t>(1, kRowBytesPerTask / bytes_each);
    runner_.pool().Run((rows.count + grain - 1) / grain, [&](int64_t task, int) {
      CopyRows(rows, task * grain, std::min(rows.count, (task + 1) * grain), target);
    });
  }

  void Call(const Executable& executable, const Place* slots) override {
    const Program& program = executable.program();
    addresses_.resize(program.slots.size());
    for (size_t i = 0; i < addresses_.size(); i++) addresses_[i] = Address(slots[i]);
    runner_.Run(program, addresses_.data(), static_cast<const CpuExecutable&>(executable).poison());
  }

  void Copy(Place from, Place to, int64_t bytes) override {
    std::memmove(Address(to), Address(from), static_cast<size_t>(bytes));
  }

  void Zero(Place at, int64_t bytes) override {
    std::memset(Address(at), 0, static_cast<size_t>(bytes));
  }

  void Finish() override {}

 private:
  std::string simd_;
  ProgramRunner runner_;
  std::vector<std::byte*> addresses_;
};

}  // namespace

std::shared_ptr<Device> CreateDevice(int threads, std::string_view simd) {
  return std::make_shared<CpuDevice>(threads, ChooseKernels(simd));
}

}  // namespace glocal::cpu
