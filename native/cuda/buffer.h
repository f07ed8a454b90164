#pragma once

#include <memory>

#include "cuda/memory.h"
#include "cuda/stream.h"
#include "device.h"

namespace glocal::cuda {

// Copies from and to the host, on a stream of their own: a copy must not be captured into the graph
// of a job that is just being run.
class Transfers {
 public:
  explicit Transfers(std::shared_ptr<const Context> context)
      : context_(std::move(context)), stream_(context_) {}

  // All return when the copy is done.
  void ToDevice(CUdeviceptr target, const void* source, int64_t bytes) const;
  void ToHost(void* target, CUdeviceptr source, int64_t bytes) const;
  void Zero(CUdeviceptr target, int64_t bytes) const;

 private:
  std::shared_ptr<const Context> context_;
  Stream stream_;
};

class CudaBuffer final : public Buffer {
 public:
  // `transfers` must outlive the buffer's use.
  CudaBuffer(const Device* device, const std::shared_ptr<const Context>& context, int64_t bytes,
             std::shared_ptr<const Transfers> transfers);

  CUdeviceptr address() const { return memory_.address(); }

  void Write(int64_t offset, const void* source, int64_t bytes) override;
  void Read(int64_t offset, void* target, int64_t bytes) const override;

 private:
  DeviceMemory memory_;
  std::shared_ptr<const Transfers> transfers_;
};

}  // namespace glocal::cuda
