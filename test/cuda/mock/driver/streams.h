// Streams, what they record while they capture, graphs and events.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../common/abi.h"

namespace mock {

// A piece of work on the device. It gives the fault that it ends in.
struct Work {
  std::string name;
  std::function<CudaResult()> run;
};

struct Capture {
  CaptureMode mode;
  long long thread;
  bool valid = true;
  std::vector<Work> work;
};

struct Stream {
  int number = 0;
  bool blocking = true;  // waits for the null stream and is waited for
  std::optional<Capture> capture;
};

struct Graph {
  int number = 0;
  std::vector<Work> work;
};

struct GraphExec {
  int number = 0;
  std::vector<Work> work;
};

struct Event {
  int number = 0;
  bool timed = true;
  bool captured = false;
  std::optional<std::chrono::steady_clock::time_point> at;
};

}  // namespace mock
