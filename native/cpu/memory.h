// Memory of the CPU device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace glocal::cpu {

// Zero-filled memory that starts on a cache line. calloc leaves untouched pages to the system.
class Memory {
 public:
  Memory() = default;
  explicit Memory(size_t bytes) : raw_(std::calloc(bytes + kAlignment, 1)) {
    if (!raw_) throw std::bad_alloc();
  }

  std::byte* data() const {
    const auto address = reinterpret_cast<uintptr_t>(raw_.get());
    return reinterpret_cast<std::byte*>((address + kAlignment - 1) & ~(kAlignment - 1));
  }

 private:
  static constexpr size_t kAlignment = 64;
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> raw_;
};

// Memory that grows to the largest size asked for; growing loses what it held.
class GrowingMemory {
 public:
  std::byte* AtLeast(size_t bytes) {
    if (bytes_ < bytes) {
      memory_ = Memory();
      bytes_ = 0;
      memory_ = Memory(bytes);
      bytes_ = bytes;
    }
    return memory_.data();
  }

 private:
  Memory memory_;
  size_t bytes_ = 0;
};

}  // namespace glocal::cpu
