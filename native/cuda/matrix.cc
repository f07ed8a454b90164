#include "cuda/matrix.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace glocal::cuda {
namespace {

constexpr int64_t kSmallest = 512;
// What is larger goes back to the driver, for training to have.
constexpr int64_t kLargestKept = int64_t{1} << 20;

int64_t Rounded(int64_t bytes) {
  if (bytes > kLargestKept) return bytes;
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max(bytes, kSmallest))));
}

}  // namespace

std::shared_ptr<const DeviceMemory> MatrixMemory::Take(int64_t bytes) {
  const int64_t size = Rounded(bytes);
  DeviceMemory memory;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<DeviceMemory>& free = free_[size];
    if (!free.empty()) {
      memory = std::move(free.back());
      free.pop_back();
    }
  }
  if (memory.bytes() == 0) memory = DeviceMemory(context_, size);
  return std::shared_ptr<DeviceMemory>(new DeviceMemory(std::move(memory)),
                                       [owner = shared_from_this()](DeviceMemory* held) {
                                         const std::unique_ptr<DeviceMemory> mine(held);
                                         if (mine->bytes() <= kLargestKept)
                                           owner->GiveBack(std::move(*mine));
                                       });
}

void MatrixMemory::GiveBack(DeviceMemory memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_[memory.bytes()].push_back(std::move(memory));
}

}  // namespace glocal::cuda
