// A thread of the mocked device: a stack of its own, switched to without a system call.
#pragma once

#include <cstddef>

namespace mock {

class Fiber {
 public:
  // `body` must never return. It starts at the first switch to the fiber.
  explicit Fiber(void (*body)());
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Forgets what ran on the stack: the next switch starts `body` again.
  void Restart();

  // Suspends what runs now, whose place is kept in `*from`, until someone switches back to it.
  void SwitchTo(void** from) const;
  void SwitchFrom(const Fiber& other) { other.SwitchTo(&place_); }
  void SwitchBack(void* to);

 private:
  void (*body_)();
  char* stack_;
  void* place_;  // stack pointer while suspended
};

}  // namespace mock
