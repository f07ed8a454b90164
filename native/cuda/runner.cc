#include "cuda/runner.h"

#include <algorithm>
#include <utility>

namespace glocal::cuda {

// The segments that have been handed over and may not be done: at most two, so that the GPU never
// waits for the next one, and a run that is told to stop soon does.
class Runner::InFlight {
 public:
  InFlight(const Runner& runner, RunControl& control)
      : stream_(runner.stream_), events_{&runner.even_, &runner.odd_}, control_(control) {}

  // Waits until at most one is left.
  void MakeRoom() {
    if (count_ == 2) WaitForOldest();
  }

  // What is in the stream now is the work of all commands before `end`.
  void Add(size_t end) {
    events_[next_]->Record(stream_);
    ends_[next_] = end;
    next_ = 1 - next_;
    count_++;
  }

  void Drain() {
    while (count_ > 0) WaitForOldest();
  }

 private:
  void WaitForOldest() {
    const int oldest = count_ == 2 ? next_ : 1 - next_;
    events_[oldest]->Wait();
    control_.set_done(static_cast<int64_t>(ends_[oldest]));
    count_--;
  }

  const Stream& stream_;
  const Event* events_[2];
  RunControl& control_;
  size_t ends_[2] = {0, 0};
  int next_ = 0, count_ = 0;
};

Runner::Runner(std::shared_ptr<const Context> context)
    : context_(context),
      stream_(context),
      even_(context),
      odd_(context),
      issuer_(std::move(context), stream_) {}

void Runner::Run(Job& job, RunControl& control) {
  context_->MakeCurrent();
  NeedArena(job);
  CudaPlan& plan = PlanOf(job);
  InFlight in_flight(*this, control);
  try {
    RunSegments(job, plan, control, in_flight);
    in_flight.Drain();
  } catch (...) {
    // Nothing may still be using what the caller gives up when it hears of the failure.
    context_->driver().cuStreamSynchronize(stream_.get());
    throw;
  }
  plan.warm = plan.warm || control.done() == static_cast<int64_t>(job.commands.size());
}

CudaPlan& Runner::PlanOf(Job& job) {
  if (!job.plan) {
    auto plan = std::make_unique<CudaPlan>();
    plan->segments = CutIntoSegments(job.commands);
    plan->arena = arena_.address();
    job.plan = std::move(plan);
  }
  auto& plan = static_cast<CudaPlan&>(*job.plan);
  if (plan.arena != arena_.address()) {
    for (Segment& segment : plan.segments) segment.graph = nullptr;
    plan.arena = arena_.address();
  }
  return plan;
}

void Runner::NeedArena(const Job& job) {
  int64_t bytes = 0;
  for (const auto& program : job.programs) bytes = std::max(bytes, program->arena_bytes());
  if (bytes <= arena_.bytes()) return;
  arena_ = DeviceMemory();
  arena_ = DeviceMemory(context_, bytes);
}

void Runner::RunSegments(const Job& job, CudaPlan& plan, RunControl& control, InFlight& in_flight) {
  for (Segment& segment : plan.segments) {
    in_flight.MakeRoom();
    if (control.stopped()) return;
    if (plan.warm && segment.may_be_captured) {
      if (!segment.graph) {
        segment.graph = Graph::Capture(context_, stream_, [&] {
          for (size_t i = segment.begin; i < segment.end; i++) {
            issuer_.Issue(job.commands[i], arena_);
          }
        });
      }
      segment.graph->Launch(stream_);
      in_flight.Add(segment.end);
    } else {
      const size_t end = IssueSegment(job, segment, control);
      in_flight.Add(end);
      if (end < segment.end) return;
    }
  }
}

size_t Runner::IssueSegment(const Job& job, const Segment& segment, const RunControl& control) {
  for (size_t i = segment.begin; i < segment.end; i++) {
    if (control.stopped()) return i;
    issuer_.Issue(job.commands[i], arena_);
  }
  return segment.end;
}

}  // namespace glocal::cuda
