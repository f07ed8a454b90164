// Turns a processor's fault inside a kernel into an error of the launch.
#pragma once

#include "../common/abi.h"

namespace mock {

struct Fault {
  const void* address = nullptr;      // that could not be accessed
  const void* instruction = nullptr;  // that did it; null if there was no fault
};

// Runs `body` and gives its result, or the error that a fault amounts to. After a fault the stack
// of `body` is just left: nothing on it may need destruction.
CudaResult Guarded(CudaResult (*body)(void*), void* argument, Fault* fault);

}  // namespace mock
