// What a device must do, and nothing of how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host_rows.h"
#include "program.h"

namespace glocal {

namespace cuda {
class Linalg;
}
class Device;

// Device memory of a fixed size, zero-filled at first.
class Buffer {
 public:
  Buffer(const Device* device, int64_t bytes) : device_(device), bytes_(bytes) {}
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const Device* device() const { return device_; }
  int64_t bytes() const { return bytes_; }

  // The range must lie within the buffer.
  virtual void Write(int64_t offset, const void* source, int64_t bytes) = 0;
  virtual void Read(int64_t offset, void* target, int64_t bytes) const = 0;

 private:
  const Device* device_;
  int64_t bytes_;
};

// A kernel that a program launches on CUDA: from one of its modules, or a fixed one (-1).
struct KernelName {
  std::string name;
  int module = -1;
};

// What lib/lower made for a device: numbers, and for CUDA the text of kernels.
struct ProgramSource {
  const double* code = nullptr;
  size_t length = 0;
  std::vector<std::string> modules;
  std::vector<KernelName> kernels;
};

// A program made ready for one device.
class Executable {
 public:
  explicit Executable(const Device* device) : device_(device) {}
  virtual ~Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const Device* device() const { return device_; }
  virtual const std::vector<Slot>& slots() const = 0;
  virtual int64_t arena_bytes() const = 0;

 private:
  const Device* device_;
};

struct CompileOptions {
  bool poison = false;  // fill the arena with NaN before each call
};

// A place in a buffer.
struct Place {
  Buffer* buffer = nullptr;
  int64_t offset = 0;
};

struct Job;
class RunControl;

class Device {
 public:
  virtual ~Device() = default;

  // Of the host, that work for this device; the caller's counts.
  virtual int threads() const = 0;
  // A level of kernels ("avx512") or a chip ("sm_90").
  virtual std::string level() const = 0;
  // What a person calls it.
  virtual std::string description() const = 0;
  // Memory for all buffers and programs.
  virtual int64_t memory_bytes() const = 0;

  virtual std::unique_ptr<Buffer> Allocate(int64_t bytes) = 0;
  virtual std::unique_ptr<Executable> Compile(const ProgramSource& source,
                                              const CompileOptions& options) = 0;

  // The range must lie within the buffer. Only who holds `busy()`.
  virtual void WriteRows(Buffer& buffer, int64_t offset, const HostRows& rows) = 0;

  // Runs the commands of a job in order, and returns when their work is done. May stop between two
  // of them when `control` says so. Only who holds `busy()`.
  virtual void Run(Job& job, RunControl& control) = 0;

  // Float64 linear algebra on the device, made when it is first asked for; null if it has none.
  // Lives as long as the device.
  virtual cuda::Linalg* linalg() { return nullptr; }

  // Held by whoever runs a job.
  std::mutex& busy() { return busy_; }

 private:
  std::mutex busy_;
};

}  // namespace glocal
