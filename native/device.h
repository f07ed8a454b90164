// What a device must do, and nothing of how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "host_rows.h"
#include "program.h"

namespace glocal {

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

// A program made ready for one device.
class Executable {
 public:
  Executable(const Device* device, Program program)
      : device_(device), program_(std::move(program)) {}
  virtual ~Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const Device* device() const { return device_; }
  const Program& program() const { return program_; }

 private:
  const Device* device_;
  Program program_;
};

struct CompileOptions {
  bool poison = false;  // fill the arena with NaN before each call
};

// A place in a buffer.
struct Place {
  Buffer* buffer = nullptr;
  int64_t offset = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual int threads() const = 0;
  virtual std::string simd() const = 0;

  virtual std::unique_ptr<Buffer> Allocate(int64_t bytes) = 0;
  virtual std::unique_ptr<Executable> Compile(Program program, const CompileOptions& options) = 0;

  // The range must lie within the buffer. Only who holds `busy()`.
  virtual void WriteRows(Buffer& buffer, int64_t offset, const HostRows& rows) = 0;

  // The three commands of a job. Places have been checked against the sizes of their buffers, one
  // for each slot of the program. Only one thread at a time, which holds `busy()`.
  virtual void Call(const Executable& executable, const Place* slots) = 0;
  virtual void Copy(Place from, Place to, int64_t bytes) = 0;
  virtual void Zero(Place at, int64_t bytes) = 0;
  // Returns when the work of all commands is done.
  virtual void Finish() = 0;

  // Held by whoever runs a job.
  std::mutex& busy() { return busy_; }

 private:
  std::mutex busy_;
};

}  // namespace glocal
