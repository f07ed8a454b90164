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

// Keeps all that its commands refer to alive.
struct Job {
  std::shared_ptr<Device> device;
  std::vector<std::shared_ptr<const Executable>> programs;
  std::vector<std::shared_ptr<Buffer>> buffers;
  std::vector<Command> commands;
};

// Throws std::invalid_argument unless every command stays within the programs and the bytes of the
// buffers given, all of `device`.
Job DecodeJob(const double* code, size_t length, std::shared_ptr<Device> device,
              std::vector<std::shared_ptr<const Executable>> programs,
              std::vector<std::shared_ptr<Buffer>> buffers);

// Runs the commands in order, one job of a device at a time, and returns how many ran: fewer than
// all if `*cancel` or `*stop` is found set between two of them. Either may be null.
int64_t RunJob(const Job& job, const int32_t* cancel, const std::atomic<bool>* stop);

}  // namespace glocal
