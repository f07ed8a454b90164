#include "cuda/reaper.h"

#include <dlfcn.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace glocal::cuda {
namespace {

class Queue {
 public:
  Queue() {
    StayLoaded();
    thread_ = std::thread([this] { Work(); });
    // The driver has registered its own handler before, so this one runs first.
    std::atexit([] { TheQueue().Stop(); });
  }

  static Queue& TheQueue() {
    static Queue& queue = *new Queue();
    return queue;
  }

  void Give(std::function<void()> work) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_all();
  }

  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || (work_.empty() && !busy_); });
  }

 private:
  // Node unloads the addon of a worker that ends; the thread would go on in memory that is gone.
  static void StayLoaded() {
    Dl_info self;
    if (dladdr(reinterpret_cast<void*>(&StayLoaded), &self) != 0) {
      dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    }
  }

  // The process ends, and its memory on the GPU with it.
  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || !work_.empty(); });
      if (stopped_) return;
      std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      busy_ = true;
      lock.unlock();
      work();
      work = nullptr;  // what it held may be given in its turn
      lock.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool busy_ = false, stopped_ = false;
  std::thread thread_;
};

}  // namespace

void Reaper::Give(std::function<void()> work) { Queue::TheQueue().Give(std::move(work)); }

void Reaper::Wait() { Queue::TheQueue().Wait(); }

}  // namespace glocal::cuda
