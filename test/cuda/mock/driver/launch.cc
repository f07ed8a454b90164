#include "launch.h"

#include <cstring>

#include "../common/log.h"
#include "../common/settings.h"
#include "block.h"

namespace mock {
namespace {

// Where the static variables of the module are shared memory.
void PoisonShared(const Function& function) {
  for (const Range& range : function.shared) std::memset(range.start, 0xff, range.bytes);
}

CudaResult RunBlocks(void* argument) {
  const Launch& launch = *static_cast<const Launch*>(argument);
  Block& block = Block::Instance();
  const bool reverse = SettingReverse();
  block.Prepare(launch.block, launch.grid, reverse);
  launch.function->module->Enter(block.here(), &Block::kServices);
  const BlockKernel kernel{launch.function->kernel->run, launch.parameters.data()};
  const MockSize3 grid = launch.grid;
  const unsigned long long count = 1ull * grid.x * grid.y * grid.z;
  for (unsigned long long i = 0; i < count; ++i) {
    const unsigned long long index = reverse ? count - 1 - i : i;
    const MockSize3 at = {static_cast<unsigned>(index % grid.x),
                          static_cast<unsigned>(index / grid.x % grid.y),
                          static_cast<unsigned>(index / grid.x / grid.y)};
    PoisonShared(*launch.function);
    if (!block.Run(kernel, at)) return kLaunchFailed;
  }
  return kSuccess;
}

}  // namespace

CudaResult CheckShape(const Function& function, MockSize3 grid, MockSize3 block) {
  const unsigned long long threads = 1ull * block.x * block.y * block.z;
  const char* wrong = nullptr;
  if (threads == 0 || grid.x == 0 || grid.y == 0 || grid.z == 0) {
    wrong = "an empty grid or block";
  } else if (threads > 1024 || block.z > 64) {
    wrong = "more than 1024 threads in a block, or 64 in its z";
  } else if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    wrong = "a grid beyond 2^31 - 1 x 65535 x 65535";
  } else if (threads > static_cast<unsigned long long>(function.kernel->max_threads)) {
    wrong = "more threads than its __launch_bounds__";
  }
  if (wrong == nullptr) return kSuccess;
  Problem("launch of %s: %s: grid %u,%u,%u block %u,%u,%u", function.name.c_str(), wrong, grid.x,
          grid.y, grid.z, block.x, block.y, block.z);
  return kInvalidValue;
}

CudaResult Execute(const Launch& launch, Fault* fault) {
  const CudaResult result = Guarded(RunBlocks, const_cast<Launch*>(&launch), fault);
  if (result != kSuccess) Block::Instance().Abandon();
  return result;
}

}  // namespace mock
