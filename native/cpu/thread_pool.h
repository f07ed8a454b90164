// Our own threads: a fixed partition of work that never depends on how many
// threads there are, so results are the same bits for any thread count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace glocal::cpu {

class ThreadPool {
 public:
  // `threads` counts the caller: 1 starts none.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  // Calls task(i, worker) once for every i in [0, tasks), on any worker in [0, threads()), and
  // returns when all are done. Tasks are taken one by one, so a busy core does not hold the others
  // up. Not reentrant. An exception of a task is rethrown here.
  void Run(int64_t tasks, const std::function<void(int64_t task, int worker)>& task);

  // Scratch of a worker, aligned to 64 bytes, at least `bytes` long; valid until the next call with
  // the same worker. Never zeroed.
  std::byte* Scratch(int worker, size_t bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glocal::cpu
