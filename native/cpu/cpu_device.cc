#include "cpu/cpu_device.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "cpu/dispatch.h"
#include "cpu/kernels.h"
#include "cpu/memory.h"
#include "cpu/program_runner.h"
#include "job.h"

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
      : Executable(device), program_(std::move(program)), poison_(poison) {}

  const Program& program() const { return program_; }
  bool poison() const { return poison_; }
  const std::vector<Slot>& slots() const override { return program_.slots; }
  int64_t arena_bytes() const override { return program_.arena_bytes; }

 private:
  Program program_;
  bool poison_;
};

std::byte* Address(Place place) {
  return static_cast<CpuBuffer*>(place.buffer)->data() + place.offset;
}

class CpuDevice final : public Device {
 public:
  CpuDevice(int threads, const Kernels& kernels)
      : level_(kernels.name), runner_(threads, kernels) {}

  int threads() const override { return runner_.threads(); }
  std::string level() const override { return level_; }
  std::string description() const override {
    return std::to_string(threads()) + " threads, " + level_;
  }
  int64_t memory_bytes() const override {
    return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  }

  std::unique_ptr<Buffer> Allocate(int64_t bytes) override {
    return std::make_unique<CpuBuffer>(this, bytes);
  }

  std::unique_ptr<Executable> Compile(const ProgramSource& source,
                                      const CompileOptions& options) override {
    return std::make_unique<CpuExecutable>(this, DecodeProgram(source.code, source.length),
                                           options.poison);
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

  void Run(Job& job, RunControl& control) override {
    for (const Command& command : job.commands) {
      if (control.stopped()) return;
      std::visit([this](const auto& c) { RunCommand(c); }, command);
      control.set_done(control.done() + 1);
    }
  }

 private:
  void RunCommand(const CallCommand& call) {
    const auto& executable = static_cast<const CpuExecutable&>(*call.executable);
    addresses_.resize(call.slots.size());
    for (size_t i = 0; i < addresses_.size(); i++) addresses_[i] = Address(call.slots[i]);
    runner_.Run(executable.program(), addresses_.data(), executable.poison());
  }

  void RunCommand(const CopyCommand& copy) {
    std::memmove(Address(copy.to), Address(copy.from), static_cast<size_t>(copy.bytes));
  }

  void RunCommand(const ZeroCommand& zero) {
    std::memset(Address(zero.at), 0, static_cast<size_t>(zero.bytes));
  }

  std::string level_;
  ProgramRunner runner_;
  std::vector<std::byte*> addresses_;
};

}  // namespace

std::shared_ptr<Device> CreateDevice(int threads, std::string_view simd) {
  return std::make_shared<CpuDevice>(threads, ChooseKernels(simd));
}

}  // namespace glocal::cpu
