#include "cpu/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace glocal::cpu {
namespace {

constexpr size_t kAlignment = 64;
// About 30 microseconds: longer than the gap between two kernels, shorter than a time slice.
constexpr int kSpins = 512;
// A job larger than this is run in pieces, so that the count left fits 32 bits.
constexpr int64_t kMostTasks = int64_t{1} << 31;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};

struct Block {
  std::unique_ptr<std::byte, Free> memory;
  size_t bytes = 0;
};

}  // namespace

struct ThreadPool::State {
  // The high half counts jobs, the low half the tasks of this job that nobody has taken. A worker
  // takes a task by lowering the low half; one that woke late for an older job cannot succeed.
  alignas(64) std::atomic<uint64_t> ticket{0};
  alignas(64) std::atomic<uint32_t> finished{0};
  // Raised for each job and at the end; workers sleep on it.
  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> failed{false};
  std::mutex error_mutex;
  std::exception_ptr error;

  // Written before the ticket is published, read only by those who hold a task.
  const std::function<void(int64_t, int)>* task = nullptr;
  int64_t first = 0;
  uint32_t total = 0;

  bool spin = true;
  std::vector<Block> scratch;
  std::vector<std::thread> workers;

  void Drain(int worker) {
    uint64_t seen = ticket.load(std::memory_order_acquire);
    while (static_cast<uint32_t>(seen) != 0) {
      if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel)) continue;
      Take(total - static_cast<uint32_t>(seen), worker);
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void Take(uint32_t index, int worker) {
    const uint32_t last = total - 1;
    if (!failed.load(std::memory_order_relaxed)) {
      try {
        (*task)(first + index, worker);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
        failed.store(true, std::memory_order_relaxed);
      }
    }
    if (finished.fetch_add(1, std::memory_order_acq_rel) == last) finished.notify_one();
  }

  void Work(int worker) {
    uint32_t seen = 0;
    while (!stop.load(std::memory_order_acquire)) {
      Drain(worker);
      WaitWhile(epoch, seen);
      seen = epoch.load(std::memory_order_acquire);
    }
  }

  void WaitWhile(const std::atomic<uint32_t>& value, uint32_t old) const {
    for (int i = 0; spin && i < kSpins; i++) {
      if (value.load(std::memory_order_acquire) != old) return;
      Pause();
    }
    value.wait(old, std::memory_order_acquire);
  }

  void RunPiece(const std::function<void(int64_t, int)>& piece_task, int64_t begin,
                uint32_t count) {
    task = &piece_task;
    first = begin;
    total = count;
    failed.store(false, std::memory_order_relaxed);
    finished.store(0, std::memory_order_relaxed);
    const uint64_t job = (ticket.load(std::memory_order_relaxed) >> 32) + 1;
    ticket.store(job << 32 | count, std::memory_order_release);
    epoch.fetch_add(1, std::memory_order_release);
    epoch.notify_all();
    Drain(0);
    for (uint32_t done; (done = finished.load(std::memory_order_acquire)) != count;) {
      WaitWhile(finished, done);
    }
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  threads = std::max(threads, 1);
  state_->scratch.resize(threads);
  // Spinning helps only while every thread has a processor of its own.
  state_->spin = static_cast<unsigned>(threads) <= std::thread::hardware_concurrency();
  for (int worker = 1; worker < threads; worker++) {
    state_->workers.emplace_back([state = state_.get(), worker] { state->Work(worker); });
  }
}

ThreadPool::~ThreadPool() {
  state_->stop.store(true, std::memory_order_release);
  state_->epoch.fetch_add(1, std::memory_order_release);
  state_->epoch.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

int ThreadPool::threads() const { return static_cast<int>(state_->scratch.size()); }

void ThreadPool::Run(int64_t tasks, const std::function<void(int64_t task, int worker)>& task) {
  if (tasks <= 1 || threads() == 1) {
    for (int64_t i = 0; i < tasks; i++) task(i, 0);
    return;
  }
  for (int64_t begin = 0; begin < tasks; begin += kMostTasks) {
    state_->RunPiece(task, begin, static_cast<uint32_t>(std::min(kMostTasks, tasks - begin)));
  }
}

std::byte* ThreadPool::Scratch(int worker, size_t bytes) {
  Block& block = state_->scratch[worker];
  if (block.bytes < bytes) {
    const size_t rounded = (std::max(bytes, 2 * block.bytes) + kAlignment - 1) & ~(kAlignment - 1);
    block.memory.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded)));
    block.bytes = block.memory ? rounded : 0;
    if (!block.memory) throw std::bad_alloc();
  }
  return block.memory.get();
}

}  // namespace glocal::cpu
