#include "block.h"

#include <cstring>

#include "../common/log.h"

namespace mock {
namespace {

constexpr int kWarp = 32;

}  // namespace

const MockServices Block::kServices = {BlockBarrier, WarpExchange};

// Never destroyed: it may run while the process ends.
Block& Block::Instance() {
  static Block& block = *new Block;
  return block;
}

void Block::Prepare(MockSize3 block_size, MockSize3 grid_size, bool reverse) {
  here_.block_size = block_size;
  here_.grid_size = grid_size;
  reverse_ = reverse;
  count_ = static_cast<int>(block_size.x * block_size.y * block_size.z);
  threads_.resize(count_);
  warps_.resize((count_ + kWarp - 1) / kWarp);
}

bool Block::Run(const BlockKernel& kernel, MockSize3 block) {
  kernel_ = kernel;
  here_.block = block;
  started_ = 0;
  living_ = count_;
  at_barrier_ = 0;
  first_at_barrier_ = 0;
  failed_ = false;
  ready_.clear();
  ready_head_ = 0;
  for (int i = 0; i < count_; ++i) threads_[i].state = State::kUnstarted;
  for (size_t w = 0; w < warps_.size(); ++w) {
    const int lanes = count_ - static_cast<int>(w) * kWarp;
    warps_[w] = {lanes >= kWarp ? ~0u : (1u << lanes) - 1, 0};
  }

  fiber_ = IdleFiber();
  fiber_->SwitchTo(&outside_);

  if (!failed_ && living_ > 0) {
    failed_ = true;
    for (const Thread& thread : threads_) {
      if (thread.state == State::kDone) continue;
      Problem("deadlock: %d threads wait for ever, among them thread %d at %s:%d", living_,
              static_cast<int>(&thread - threads_.data()), thread.file, thread.line);
      break;
    }
  }
  if (failed_) Abandon();
  return !failed_;
}

void Block::Abandon() {
  idle_.clear();
  for (const auto& fiber : fibers_) {
    fiber->Restart();
    idle_.push_back(fiber.get());
  }
}

Fiber* Block::IdleFiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>(FiberBody));
    return fibers_.back().get();
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

// --- On the fibers -------------------------------------------------------------------------------

void Block::FiberBody() { Instance().ServeThreads(); }

// A fiber takes one thread after the other. Threads that never wait thus cost no switch.
void Block::ServeThreads() {
  for (;;) {
    if (ready_head_ < ready_.size()) {
      idle_.push_back(fiber_);
      Resume(ready_[ready_head_++]);
    } else if (started_ < count_) {
      StartNext();
      kernel_.run(kernel_.parameters);
      Finish();
    } else {
      idle_.push_back(fiber_);
      Leave();
    }
  }
}

void Block::StartNext() {
  current_ = InOrder(started_++);
  threads_[current_].state = State::kRunning;
  threads_[current_].fiber = fiber_;
  const unsigned index = static_cast<unsigned>(current_);
  const MockSize3 size = here_.block_size;
  here_.thread = {index % size.x, index / size.x % size.y, index / size.x / size.y};
}

void Block::Finish() {
  threads_[current_].state = State::kDone;
  --living_;
  const int warp = current_ / kWarp;
  warps_[warp].living &= ~(1u << current_ % kWarp);
  if (at_barrier_ > 0) ReleaseBarrierIfFull();
  if (warps_[warp].exchanging != 0) ReleaseExchangesIfFull(warp);
}

// The current thread waits until it is ready: others run meanwhile.
void Block::Wait() {
  if (ready_head_ < ready_.size()) {
    Resume(ready_[ready_head_++]);
  } else if (started_ < count_) {
    SwitchTo(IdleFiber());
  } else {
    Leave();
  }
}

void Block::Resume(int thread) {
  if (ready_head_ == ready_.size()) {
    ready_.clear();
    ready_head_ = 0;
  }
  current_ = thread;
  threads_[thread].state = State::kRunning;
  const unsigned index = static_cast<unsigned>(thread);
  const MockSize3 size = here_.block_size;
  here_.thread = {index % size.x, index / size.x % size.y, index / size.x / size.y};
  SwitchTo(threads_[thread].fiber);
}

void Block::SwitchTo(Fiber* fiber) {
  Fiber* from = fiber_;
  if (fiber == from) return;
  fiber_ = fiber;
  from->SwitchFrom(*fiber);
}

// To Run: the block is over, or nothing can go on.
void Block::Leave() { fiber_->SwitchBack(outside_); }

void Block::Fail() {
  failed_ = true;
  Leave();
}

// --- Barriers ------------------------------------------------------------------------------------

void Block::BlockBarrier(const char* file, int line) {
  Block& block = Instance();
  Thread& mine = block.threads_[block.current_];
  const Thread& first = block.threads_[block.first_at_barrier_];
  if (block.at_barrier_ == 0) {
    block.first_at_barrier_ = block.current_;
  } else if (first.line != line || std::strcmp(first.file, file) != 0) {
    Problem("mismatched barriers: thread %d waits at %s:%d, thread %d at %s:%d", block.current_,
            file, line, block.first_at_barrier_, first.file, first.line);
    block.Fail();
  }
  mine.state = State::kAtBarrier;
  mine.file = file;
  mine.line = line;
  ++block.at_barrier_;
  block.ReleaseBarrierIfFull();
  block.Wait();
}

// Threads that have ended do not hold the others up.
void Block::ReleaseBarrierIfFull() {
  if (at_barrier_ < living_) return;
  at_barrier_ = 0;
  for (int i = 0; i < count_; ++i) {
    const int thread = InOrder(i);
    if (threads_[thread].state == State::kAtBarrier) MakeReady(thread);
  }
}

void Block::MakeReady(int thread) {
  threads_[thread].state = State::kReady;
  ready_.push_back(thread);
}

// --- Exchanges within a warp ---------------------------------------------------------------------

void Block::WarpExchange(unsigned mask, MockCombine combine, void* mine, const char* file,
                         int line) {
  Block& block = Instance();
  const int lane = block.current_ % kWarp;
  const int warp = block.current_ / kWarp;
  if ((mask >> lane & 1) == 0) {
    Problem("lane %d is not in its own mask %08x at %s:%d", lane, mask, file, line);
    block.Fail();
  }
  Thread& thread = block.threads_[block.current_];
  thread.state = State::kAtExchange;
  thread.file = file;
  thread.line = line;
  thread.mask = mask;
  thread.combine = combine;
  thread.record = mine;
  block.warps_[warp].exchanging |= 1u << lane;
  const unsigned group = mask & block.warps_[warp].living;
  if ((group & ~block.warps_[warp].exchanging) == 0) block.ReleaseExchange(warp, group);
  block.Wait();
}

// After a lane has ended: it may have been the last that others waited for.
void Block::ReleaseExchangesIfFull(int warp) {
  for (int lane = 0; lane < kWarp; ++lane) {
    if ((warps_[warp].exchanging >> lane & 1) == 0) continue;
    const unsigned group = threads_[warp * kWarp + lane].mask & warps_[warp].living;
    if ((group & ~warps_[warp].exchanging) == 0) ReleaseExchange(warp, group);
  }
}

void Block::ReleaseExchange(int warp, unsigned group) {
  void* records[kWarp] = {};
  const Thread* first = nullptr;
  for (int lane = 0; lane < kWarp; ++lane) {
    if ((group >> lane & 1) == 0) continue;
    const Thread& thread = threads_[warp * kWarp + lane];
    if (first == nullptr) first = &thread;
    if (thread.mask != first->mask || thread.combine != first->combine ||
        thread.line != first->line) {
      Problem("mismatched exchanges in a warp: %s:%d with mask %08x, %s:%d with mask %08x",
              first->file, first->line, first->mask, thread.file, thread.line, thread.mask);
      Fail();
    }
    records[lane] = thread.record;
  }
  first->combine(records);
  warps_[warp].exchanging &= ~group;
  for (int i = 0; i < kWarp; ++i) {
    const int lane = reverse_ ? kWarp - 1 - i : i;
    if (group >> lane & 1) MakeReady(warp * kWarp + lane);
  }
}

}  // namespace mock
