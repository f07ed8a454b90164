#include "faults.h"

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <memory>

namespace mock {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr int kCount = 4;
constexpr size_t kHandlerStackBytes = 64 << 10;

struct Guard {
  sigjmp_buf resume;
  const void* address = nullptr;
  int signal = 0;
};

thread_local Guard* running = nullptr;
struct sigaction previous[kCount];

void PassOn(int signal, siginfo_t* info, void* context) {
  for (int i = 0; i < kCount; ++i) {
    if (kSignals[i] != signal) continue;
    if (previous[i].sa_flags & SA_SIGINFO) {
      previous[i].sa_sigaction(signal, info, context);
    } else if (previous[i].sa_handler != SIG_DFL && previous[i].sa_handler != SIG_IGN) {
      previous[i].sa_handler(signal);
    } else {
      std::signal(signal, SIG_DFL);  // the instruction runs again and ends the process
    }
  }
}

void Handle(int signal, siginfo_t* info, void* context) {
  Guard* guard = running;
  if (guard == nullptr) return PassOn(signal, info, context);  // not of a kernel
  guard->address = info->si_addr;
  guard->signal = signal;
  siglongjmp(guard->resume, 1);
}

// Also the fiber's stack may be what faulted.
void UseStackForHandler() {
  static thread_local const std::unique_ptr<char[]> memory(new char[kHandlerStackBytes]);
  stack_t stack{};
  stack.ss_sp = memory.get();
  stack.ss_size = kHandlerStackBytes;
  sigaltstack(&stack, nullptr);
}

}  // namespace

CudaResult Guarded(CudaResult (*body)(void*), void* argument, const void** address) {
  UseStackForHandler();
  struct sigaction action{};
  action.sa_sigaction = Handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &action, &previous[i]);

  static thread_local Guard guard;
  CudaResult result;
  if (sigsetjmp(guard.resume, 1) == 0) {
    running = &guard;
    result = body(argument);
  } else {
    *address = guard.address;
    // Modules trap with an illegal instruction where an array's bound or an alignment is broken.
    result = guard.signal == SIGSEGV || guard.signal == SIGBUS ? kIllegalAddress : kLaunchFailed;
  }
  running = nullptr;
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &previous[i], nullptr);
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  return result;
}

}  // namespace mock
