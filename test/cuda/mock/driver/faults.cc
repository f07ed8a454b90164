#include "faults.h"

#include <ucontext.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <memory>

namespace mock {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                            SIGTRAP};  // traps: one of the last two
constexpr int kCount = 5;
constexpr size_t kHandlerStackBytes = 64 << 10;

struct Guard {
  sigjmp_buf resume;
  Fault fault;
  int signal = 0;
};

thread_local Guard* running = nullptr;
struct sigaction previous[kCount];

const void* InstructionOf(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(machine.gregs[REG_RIP]);
#else
  return reinterpret_cast<const void*>(machine.pc);
#endif
}

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
  guard->fault = {info->si_addr, InstructionOf(context)};
  guard->signal = signal;
  siglongjmp(guard->resume, 1);
}

CudaResult ErrorOf(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
      return kIllegalAddress;
    case SIGILL:
    case SIGTRAP:
      return kIllegalInstruction;
    default:
      return kLaunchFailed;
  }
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

CudaResult Guarded(CudaResult (*body)(void*), void* argument, Fault* fault) {
  UseStackForHandler();
  struct sigaction action {};
  action.sa_sigaction = Handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &action, &previous[i]);

  static thread_local Guard guard;
  CudaResult result;
  if (sigsetjmp(guard.resume, 1) == 0) {
    running = &guard;
    result = body(argument);
  } else {
    *fault = guard.fault;
    result = ErrorOf(guard.signal);
  }
  running = nullptr;
  for (int i = 0; i < kCount; ++i) sigaction(kSignals[i], &previous[i], nullptr);
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  return result;
}

}  // namespace mock
