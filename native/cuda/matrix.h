// Matrices of float64 in device memory, and where that memory comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda/memory.h"

namespace glocal::cuda {

// Keeps small pieces for the next who asks: allocating takes the driver longer than what is done to
// a small matrix. All work on these pieces is in one stream, so that it comes one after the other.
class MatrixMemory : public std::enable_shared_from_this<MatrixMemory> {
 public:
  explicit MatrixMemory(std::shared_ptr<const Context> context) : context_(std::move(context)) {}

  // A piece goes back when nobody holds it any more.
  std::shared_ptr<const DeviceMemory> Take(int64_t bytes);

 private:
  void GiveBack(DeviceMemory memory);

  std::shared_ptr<const Context> context_;
  std::mutex mutex_;
  std::map<int64_t, std::vector<DeviceMemory>> free_;  // by size
};

// Column-major; complex entries are interleaved. Never changes once it is made.
struct Matrix {
  std::shared_ptr<const DeviceMemory> memory;
  CUdeviceptr data = 0;
  int64_t rows = 0, columns = 0;
  int64_t stride = 0;  // entries from one column to the next
  bool complex = false;

  int64_t width() const { return complex ? 2 : 1; }
  int64_t entries() const { return rows * columns; }
  // Without what lies between columns.
  int64_t numbers() const { return entries() * width(); }
  void* pointer() const { return reinterpret_cast<void*>(data); }
};

}  // namespace glocal::cuda
