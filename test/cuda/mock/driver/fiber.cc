#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <new>

extern "C" void mock_switch_stacks(void** from, void* to);

// Saves what a function must preserve for its caller, swaps the stack pointer and restores. All
// other registers are saved by the compiler, because this is a call.
#if defined(__x86_64__)
asm(R"(
.text
.globl mock_switch_stacks
.hidden mock_switch_stacks
.type mock_switch_stacks, @function
mock_switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size mock_switch_stacks, . - mock_switch_stacks
)");
#elif defined(__aarch64__)
asm(R"(
.text
.globl mock_switch_stacks
.hidden mock_switch_stacks
.type mock_switch_stacks, %function
mock_switch_stacks:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size mock_switch_stacks, . - mock_switch_stacks
)");
#else
#error "Expected x86-64 or aarch64. Write mock_switch_stacks for this processor."
#endif

namespace mock {
namespace {

constexpr size_t kStackBytes = 256 << 10;

#if defined(__x86_64__)
constexpr size_t kSavedWords = 6;
constexpr size_t kReturnWord = 6;
// A function expects the stack as a call leaves it: aligned to 16 bytes, less the return address.
constexpr size_t kFrameWords = kSavedWords + 2;
#else
constexpr size_t kReturnWord = 11;  // x30
constexpr size_t kFrameWords = 20;
#endif

}  // namespace

Fiber::Fiber(void (*body)()) : body_(body) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stack_ = static_cast<char*>(memory);
  mprotect(stack_, page, PROT_NONE);  // an overflow faults instead of writing elsewhere
  Restart();
}

Fiber::~Fiber() { munmap(stack_, kStackBytes); }

void Fiber::Restart() {
  auto* frame = reinterpret_cast<uintptr_t*>(stack_ + kStackBytes) - kFrameWords;
  std::memset(frame, 0, kFrameWords * sizeof *frame);
  frame[kReturnWord] = reinterpret_cast<uintptr_t>(body_);
  place_ = frame;
}

void Fiber::SwitchTo(void** from) const { mock_switch_stacks(from, place_); }
void Fiber::SwitchBack(void* to) { mock_switch_stacks(&place_, to); }

}  // namespace mock
