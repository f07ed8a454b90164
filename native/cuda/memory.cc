#include "cuda/memory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cuda/reaper.h"

namespace glocal::cuda {
namespace {

[[noreturn]] void ThrowOutOfMemory(const Context& context, int64_t bytes) {
  size_t free = 0, total = 0;
  context.Call("cuMemGetInfo", &Driver::cuMemGetInfo_v2, &free, &total);
  throw CodedError("GLOCAL_OUT_OF_MEMORY",
                   std::to_string(bytes) + " bytes of memory on " + context.chip().name,
                   std::to_string(free) + " free bytes of " + std::to_string(total));
}

}  // namespace

DeviceMemory::DeviceMemory(std::shared_ptr<const Context> context, int64_t bytes)
    : context_(std::move(context)), bytes_(bytes) {
  const Driver& driver = context_->driver();
  const size_t size = static_cast<size_t>(std::max<int64_t>(1, bytes));
  context_->MakeCurrent();
  CUresult result = driver.cuMemAlloc_v2(&address_, size);
  if (result == kCudaOutOfMemory) {
    Reaper::Wait();
    result = driver.cuMemAlloc_v2(&address_, size);
  }
  if (result == kCudaOutOfMemory) ThrowOutOfMemory(*context_, bytes);
  Check(driver, result, "cuMemAlloc");
}

DeviceMemory::~DeviceMemory() {
  if (!address_) return;
  Reaper::Give([context = std::move(context_), address = address_] {
    context->MakeCurrent();
    context->driver().cuMemFree_v2(address);
  });
}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace glocal::cuda
