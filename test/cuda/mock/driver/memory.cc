#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../common/log.h"
#include "../common/settings.h"

namespace mock {
namespace {

constexpr size_t kAlignment = 256;
constexpr unsigned char kGuard = 0xa5;
constexpr unsigned char kUninitialised = 0xff;  // NaN, for both kinds of floats

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

size_t Page() {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return page;
}

bool AllGuard(const char* start, const char* end) {
  for (const char* c = start; c < end; ++c) {
    if (static_cast<unsigned char>(*c) != kGuard) return false;
  }
  return true;
}

}  // namespace

CudaResult Memory::Allocate(size_t bytes, DevicePointer* pointer) {
  if (bytes == 0) return kInvalidValue;
  const size_t limit = SettingMemory();
  if (used_ > limit || bytes > limit - used_) return kOutOfMemory;

  const size_t padded = RoundUp(bytes, kAlignment);
  const size_t accessible = RoundUp(padded, Page());
  const size_t mapped_bytes = accessible + 2 * Page();
  void* mapped =
      mmap(nullptr, mapped_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return kOutOfMemory;
  char* first = static_cast<char*>(mapped) + Page();
  if (mprotect(first, accessible, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapped, mapped_bytes);
    return kOutOfMemory;
  }
  // At the end of what can be accessed, so that a read too far faults.
  char* data = first + accessible - padded;
  std::memset(first, kGuard, data - first);
  std::memset(data, kUninitialised, bytes);
  std::memset(data + bytes, kGuard, padded - bytes);

  *pointer = reinterpret_cast<DevicePointer>(data);
  live_[*pointer] = {++last_number_, bytes, static_cast<char*>(mapped), mapped_bytes};
  used_ += bytes;
  return kSuccess;
}

CudaResult Memory::Free(DevicePointer pointer) {
  if (pointer == 0) return kSuccess;
  const auto found = live_.find(pointer);
  if (found == live_.end()) {
    const auto freed = freed_.find(pointer);
    if (freed != freed_.end()) {
      Problem("double free of memory %d", freed->second.number);
    } else {
      Problem("free of %s, which is no start of an allocation", Name(pointer).c_str());
    }
    return kInvalidValue;
  }
  const bool whole = GuardIsWhole(pointer, found->second);
  Revoke(found->second);
  used_ -= found->second.bytes;
  freed_.insert(*found);
  live_.erase(found);
  return whole ? kSuccess : kIllegalAddress;
}

void Memory::Clear() {
  for (const auto& [start, allocation] : live_) {
    Revoke(allocation);
    freed_.insert({start, allocation});
  }
  live_.clear();
  used_ = 0;
}

// Later accesses fault; the address range stays taken.
void Memory::Revoke(const Allocation& allocation) {
  mmap(allocation.mapped, allocation.mapped_bytes, PROT_NONE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

bool Memory::GuardIsWhole(DevicePointer start, const Allocation& allocation) {
  const char* data = reinterpret_cast<const char*>(start);
  const char* end = allocation.mapped + allocation.mapped_bytes - Page();
  const bool front = AllGuard(allocation.mapped + Page(), data);
  const bool back = AllGuard(data + allocation.bytes, end);
  if (!front || !back) {
    Problem("something was written %s memory %d of %zu bytes", front ? "behind" : "before",
            allocation.number, allocation.bytes);
  }
  return front && back;
}

bool Memory::GuardsAreWhole() const {
  for (const auto& [start, allocation] : live_) {
    if (!GuardIsWhole(start, allocation)) return false;
  }
  return true;
}

Memory::Allocations::const_iterator Memory::Before(const Allocations& allocations,
                                                   DevicePointer pointer) {
  auto after = allocations.upper_bound(pointer);
  return after == allocations.begin() ? allocations.end() : --after;
}

bool Memory::Check(const char* what, DevicePointer start, size_t bytes) const {
  const auto found = Before(live_, start);
  if (found != live_.end()) {
    const size_t offset = start - found->first;
    const size_t size = found->second.bytes;
    if (offset <= size && bytes <= size - offset) return true;
  }
  Problem("%s: %zu bytes at %s are not within one allocation: %s", what, bytes, Name(start).c_str(),
          Explain(reinterpret_cast<const void*>(start)).c_str());
  return false;
}

std::string Memory::Name(DevicePointer pointer) const {
  const auto found = Before(live_, pointer);
  if (found == live_.end() || pointer - found->first > found->second.bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%llx", pointer);
    return text;
  }
  return std::to_string(found->second.number) + "+" + std::to_string(pointer - found->first);
}

std::string Memory::Explain(const void* address) const {
  const auto pointer = reinterpret_cast<DevicePointer>(address);
  const auto freed = Before(freed_, pointer);
  if (freed != freed_.end() && address < freed->second.mapped + freed->second.mapped_bytes) {
    return "byte " + std::to_string(pointer - freed->first) + " of memory " +
           std::to_string(freed->second.number) + ", which has been freed";
  }
  const auto after = live_.upper_bound(pointer);
  if (after != live_.end() && address >= after->second.mapped) {
    return std::to_string(after->first - pointer) + " bytes before memory " +
           std::to_string(after->second.number);
  }
  const auto before = Before(live_, pointer);
  if (before == live_.end()) return "no device memory";
  return "byte " + std::to_string(pointer - before->first) + " of memory " +
         std::to_string(before->second.number) + ", which has " +
         std::to_string(before->second.bytes) + " bytes";
}

}  // namespace mock
