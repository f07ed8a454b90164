// Runs programs step by step on the threads of a CPU device.
#pragma once

#include <vector>

#include "cpu/kernels.h"
#include "cpu/memory.h"
#include "cpu/thread_pool.h"
#include "program.h"

namespace glocal::cpu {

class ProgramRunner {
 public:
  ProgramRunner(int threads, const Kernels& kernels);

  int threads() const { return pool_.threads(); }
  // For other work than programs, between two of them.
  ThreadPool& pool() { return pool_; }

  // `slots` has an address for each slot of the program. `poison` fills arenas with NaN first.
  void Run(const Program& program, std::byte* const* slots, bool poison);

 private:
  // What a thread needs to run blocks by itself.
  struct Worker {
    ThreadPool alone{1};
    GrowingMemory arena;
    std::vector<std::byte*> slots;
  };

  void RunStep(const Step& step, const Context& context, bool poison);
  void RunBlocks(const BlocksStep& step, const Context& context, bool poison);
  void RunPart(const BlocksStep& step, int64_t part, const Context& context, Worker& worker,
               bool poison);

  const Kernels& kernels_;
  ThreadPool pool_;
  // One block serves all programs, since they run one after the other.
  GrowingMemory arena_;
  std::vector<Worker> workers_;
};

}  // namespace glocal::cpu
