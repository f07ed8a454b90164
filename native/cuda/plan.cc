#include "cuda/plan.h"

#include "cuda/issuer.h"

namespace glocal::cuda {
namespace {

// A few milliseconds of work.
constexpr int64_t kLaunchesOfSegment = 750;
// A node takes about 2 KB of the host's and the GPU's memory. What lies beyond is issued anew each
// time.
constexpr int64_t kMostCapturedLaunches = int64_t{1} << 18;

}  // namespace

std::vector<Segment> CutIntoSegments(const std::vector<Command>& commands) {
  std::vector<Segment> segments;
  int64_t launches = 0, all_launches = 0;
  for (size_t i = 0; i < commands.size(); i++) {
    const int64_t more = LaunchesOf(commands[i]);
    if (segments.empty() || launches + more > kLaunchesOfSegment) {
      segments.push_back({i, i, nullptr, true});
      launches = 0;
    }
    launches += more;
    all_launches += more;
    segments.back().end = i + 1;
    segments.back().may_be_captured = all_launches <= kMostCapturedLaunches;
  }
  return segments;
}

}  // namespace glocal::cuda
