// What the device keeps of a job from one run to the next: its commands cut into segments, and a
// graph of each.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cuda/graph.h"
#include "job.h"

namespace glocal::cuda {

// Whole commands: [begin, end) of the job's.
struct Segment {
  size_t begin = 0, end = 0;
  std::unique_ptr<Graph> graph;  // null until it is captured
  bool may_be_captured = true;
};

struct CudaPlan final : public JobPlan {
  std::vector<Segment> segments;
  // All commands have run, so that modules are loaded and cuBLAS has what it needs.
  bool warm = false;
  CUdeviceptr arena = 0;  // that the graphs hold
};

// Between two segments a run may stop and tells how far it is; each costs a launch and a wait.
std::vector<Segment> CutIntoSegments(const std::vector<Command>& commands);

}  // namespace glocal::cuda
