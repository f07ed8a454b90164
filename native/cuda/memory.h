// Memory of the GPU, given back by the reaper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/context.h"

namespace glocal::cuda {

class DeviceMemory {
 public:
  DeviceMemory() = default;
  // What it holds at first is not defined. Throws GLOCAL_OUT_OF_MEMORY, which says how much was
  // asked for and how much there is.
  DeviceMemory(std::shared_ptr<const Context> context, int64_t bytes);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;

  CUdeviceptr address() const { return address_; }
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<const Context> context_;
  CUdeviceptr address_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace glocal::cuda
