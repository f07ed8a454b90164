// Runs jobs on one stream: the first time command by command, from then on as graphs.
#pragma once

#include <memory>

#include "cuda/issuer.h"
#include "cuda/plan.h"

namespace glocal::cuda {

class Runner {
 public:
  explicit Runner(std::shared_ptr<const Context> context);

  void Run(Job& job, RunControl& control);

 private:
  class InFlight;

  CudaPlan& PlanOf(Job& job);
  void NeedArena(const Job& job);
  void RunSegments(const Job& job, CudaPlan& plan, RunControl& control, InFlight& in_flight);
  // Returns after which command it stopped.
  size_t IssueSegment(const Job& job, const Segment& segment, const RunControl& control);

  std::shared_ptr<const Context> context_;
  Stream stream_;
  Event even_, odd_;
  Issuer issuer_;
  DeviceMemory arena_;  // of all programs, since they run one after the other
};

}  // namespace glocal::cuda
