#include "job.h"

#include "number_reader.h"

namespace glocal {
namespace {

enum class CommandCode : int { kCall = 0, kCopy = 1, kZero = 2 };

Place ReadPlace(NumberReader& in, const std::vector<std::shared_ptr<Buffer>>& buffers) {
  const int64_t count = static_cast<int64_t>(buffers.size());
  const int64_t index = in.Integer("the index of a buffer", 0, count - 1);
  return {buffers[index].get(), in.Integer("an offset into a buffer", 0, kLargestInteger)};
}

void CheckRange(const Place& place, int64_t bytes) {
  if (bytes > place.buffer->bytes() - place.offset) {
    ThrowExpected("bytes [" + std::to_string(place.offset) + ", " +
                      std::to_string(place.offset + bytes) + ") to lie within the buffer",
                  "a buffer of " + std::to_string(place.buffer->bytes()) + " bytes");
  }
}

Command ReadCall(NumberReader& in, const Job& job) {
  const int64_t count = static_cast<int64_t>(job.programs.size());
  CallCommand call;
  call.executable = job.programs[in.Integer("the index of a program", 0, count - 1)].get();
  for (const Slot& slot : call.executable->slots()) {
    const Place place = ReadPlace(in, job.buffers);
    CheckRange(place, slot.bytes);
    if (place.offset % BytesOf(slot.dtype) != 0) {
      ThrowExpected("a slot's offset to be a multiple of its element's size",
                    std::to_string(place.offset));
    }
    call.slots.push_back(place);
  }
  return call;
}

Command ReadCopy(NumberReader& in, const Job& job) {
  CopyCommand copy;
  copy.from = ReadPlace(in, job.buffers);
  copy.to = ReadPlace(in, job.buffers);
  copy.bytes = in.Integer("the bytes of a copy", 0, kLargestInteger);
  CheckRange(copy.from, copy.bytes);
  CheckRange(copy.to, copy.bytes);
  return copy;
}

Command ReadZero(NumberReader& in, const Job& job) {
  ZeroCommand zero;
  zero.at = ReadPlace(in, job.buffers);
  zero.bytes = in.Integer("the bytes of a zero", 0, kLargestInteger);
  CheckRange(zero.at, zero.bytes);
  return zero;
}

}  // namespace

std::shared_ptr<Job> DecodeJob(const double* code, size_t length, std::shared_ptr<Device> device,
                               std::vector<std::shared_ptr<const Executable>> programs,
                               std::vector<std::shared_ptr<Buffer>> buffers) {
  auto decoded = std::make_shared<Job>();
  Job& job = *decoded;
  job.device = std::move(device);
  job.programs = std::move(programs);
  job.buffers = std::move(buffers);
  for (const auto& program : job.programs) {
    if (program->device() != job.device.get()) {
      ThrowExpected("programs of this device", "a program of another device");
    }
  }
  for (const auto& buffer : job.buffers) {
    if (buffer->device() != job.device.get()) {
      ThrowExpected("buffers of this device", "a buffer of another device");
    }
  }
  NumberReader in(code, length);
  while (!in.done()) {
    switch (static_cast<CommandCode>(in.Integer("a command's code", 0, 2))) {
      case CommandCode::kCall:
        job.commands.push_back(ReadCall(in, job));
        break;
      case CommandCode::kCopy:
        job.commands.push_back(ReadCopy(in, job));
        break;
      case CommandCode::kZero:
        job.commands.push_back(ReadZero(in, job));
        break;
    }
  }
  return decoded;
}

bool RunControl::stopped() const {
  if (shared_ && __atomic_load_n(shared_, __ATOMIC_ACQUIRE) != 0) return true;
  return stop_ && stop_->load(std::memory_order_acquire);
}

void RunControl::set_done(int64_t commands) {
  done_ = commands;
  if (shared_) __atomic_store_n(shared_ + 1, static_cast<int32_t>(commands), __ATOMIC_RELEASE);
}

int64_t RunJob(Job& job, RunControl control) {
  const std::lock_guard<std::mutex> lock(job.device->busy());
  control.set_done(0);
  job.device->Run(job, control);
  return control.done();
}

}  // namespace glocal
