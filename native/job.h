// A job: the flat list of commands that one native call runs. The C++ side of
// lib/native/job.ts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "device.h"

namespace glocal {

struct CallCommand {
  const Executable* executable = nullptr;
  std::vector<Place> slots;
};

struct CopyCommand {
  Place from, to;
  int64_t bytes = 0;
};

struct ZeroCommand {
  Place at;
  int64_t bytes = 0;
};

using Command = std::variant<CallCommand, CopyCommand, ZeroCommand>;

// What a device keeps of a job from one run to the next.
class JobPlan {
 public:
  virtual ~JobPlan() = default;
};

// Keeps all that its commands refer to alive. Places have been checked against the sizes of their
// buffers; a call has one for each slot of its program.
struct Job {
  std::shared_ptr<Device> device;
  std::vector<std::shared_ptr<const Executable>> programs;
  std::vector<std::shared_ptr<Buffer>> buffers;
  std::vector<Command> commands;
  std::unique_ptr<JobPlan> plan;  // null before the first run
};

// How a run is watched and stopped from other threads.
class RunControl {
 public:
  // `shared` has two elements: not 0 in the first stops the run, the second tells how many commands
  // are done. Either pointer may be null.
  RunControl(int32_t* shared, const std::atomic<bool>* stop) : shared_(shared), stop_(stop) {}

  bool stopped() const;
  int64_t done() const { return done_; }
  void set_done(int64_t commands);

 private:
  int32_t* shared_;
  const std::atomic<bool>* stop_;
  int64_t done_ = 0;
};

// Throws std::invalid_argument unless every command stays within the programs and the bytes of the
// buffers given, all of `device`.
std::shared_ptr<Job> DecodeJob(const double* code, size_t length, std::shared_ptr<Device> device,
                               std::vector<std::shared_ptr<const Executable>> programs,
                               std::vector<std::shared_ptr<Buffer>> buffers);

// Runs the commands in order, one job of a device at a time, and returns how many ran: fewer than
// all if `control` stopped it between two of them.
int64_t RunJob(Job& job, RunControl control);

}  // namespace glocal
