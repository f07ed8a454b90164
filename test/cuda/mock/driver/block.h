// Runs the threads of one block after the other on the processor, each until it waits or ends.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../device/module_abi.h"
#include "fiber.h"

namespace mock {

struct BlockKernel {
  void (*run)(const char* parameters);
  const char* parameters;
};

class Block {
 public:
  // The one that modules call. One kernel runs at a time.
  static Block& Instance();

  static const MockServices kServices;

  // For the blocks of a launch: their size, and whether threads run from the last to the first.
  void Prepare(MockSize3 block_size, MockSize3 grid_size, bool reverse);

  // Runs one block. False if its threads can not go on; the reason has been logged.
  bool Run(const BlockKernel& kernel, MockSize3 block);

  // After a fault inside a kernel: forgets all that ran.
  void Abandon();

  MockHere* here() { return &here_; }

 private:
  enum class State : uint8_t { kUnstarted, kRunning, kReady, kAtBarrier, kAtExchange, kDone };

  struct Thread {
    State state;
    Fiber* fiber;
    // Of the barrier or the exchange that it waits at:
    const char* file;
    int line;
    unsigned mask;
    MockCombine combine;
    void* record;
  };
  // Bits of lanes.
  struct Warp {
    unsigned living;
    unsigned exchanging;
  };

  Block() = default;

  static void FiberBody();
  static void BlockBarrier(const char* file, int line);
  static void WarpExchange(unsigned mask, MockCombine combine, void* mine, const char* file,
                           int line);

  void ServeThreads();
  void StartNext();
  void Finish();
  void Wait();
  void Resume(int thread);
  void SwitchTo(Fiber* fiber);
  void Fail();
  void Leave();
  Fiber* IdleFiber();

  void ReleaseBarrierIfFull();
  void ReleaseExchangesIfFull(int warp);
  void ReleaseExchange(int warp, unsigned group);
  void MakeReady(int thread);
  int InOrder(int index) const { return reverse_ ? count_ - 1 - index : index; }

  MockHere here_{};
  bool reverse_ = false;
  int count_ = 0;
  BlockKernel kernel_{};

  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  int started_ = 0;
  int living_ = 0;
  int at_barrier_ = 0;
  int first_at_barrier_ = 0;
  bool failed_ = false;

  // Threads that may go on, first come first served.
  std::vector<int> ready_;
  size_t ready_head_ = 0;

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  Fiber* fiber_ = nullptr;  // that runs now
  int current_ = 0;         // thread that runs now
  void* outside_ = nullptr;
};

}  // namespace mock
