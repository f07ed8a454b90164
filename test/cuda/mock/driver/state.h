// All that the mocked driver knows, and the frame of each of its calls.
#pragma once

#include <mutex>

#include "../common/abi.h"
#include "../common/log.h"
#include "memory.h"
#include "module.h"
#include "registry.h"
#include "streams.h"

namespace mock {

inline constexpr int kMostDevices = 8;

struct Context {
  int device = 0;
  int users = 0;
};

struct Driver {
  std::recursive_mutex mutex;
  bool initialised = false;
  Context contexts[kMostDevices];
  // The first fault of a kernel. It makes the context unusable, as a real one does.
  CudaResult fault = kSuccess;

  Memory memory;
  Registry<Stream> streams;
  Registry<Graph> graphs;
  Registry<GraphExec> graph_execs;
  Registry<Event> events;
  Registry<Module> modules;
  int last_module = 0;

  static Driver& Get();

  // As the log names it; 0 for the null stream, -1 for none that lives.
  int StreamNumber(void* stream) const;
  // Runs work at once, or records it if the stream captures. A fault shows in later calls.
  CudaResult Submit(void* stream, Work work);
  // Runs work and keeps its fault.
  void Run(const Work& work);
  // For calls that no capture that they could disturb allows.
  CudaResult RefuseWhileCapturing();
  // Everything of the context that just ended is gone.
  void EndContext();
};

Context*& CurrentContext();  // of this thread
inline bool HasContext() { return CurrentContext() != nullptr && CurrentContext()->users > 0; }

enum class Needs { kNothing, kInitialised, kContext };

// A call's frame: one at a time, only where allowed, logged with its result.
template <class Body>
int Call(const char* name, Needs needs, Body body) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  LogLine line(name);
  CudaResult result = kSuccess;
  if (needs != Needs::kNothing && !driver.initialised) {
    result = kNotInitialized;
  } else if (needs == Needs::kContext && !HasContext()) {
    Problem("%s: this thread has no current context, or one that was released", name);
    result = kInvalidContext;
  } else if (needs == Needs::kContext && driver.fault != kSuccess) {
    result = driver.fault;
  } else {
    result = body(driver, line);
  }
  line.Add("result", static_cast<int>(result)).Write();
  return result;
}

}  // namespace mock
