// The thread of a device that runs jobs without holding up JavaScript.
#pragma once

#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "job.h"

namespace glocal {

class JobThread {
 public:
  JobThread() = default;
  // Waits for the jobs that were started.
  ~JobThread();

  // Runs `job` after those started before. The promise settles on the thread of JavaScript, with
  // the number of commands that ran. `owner`, which must keep this thread alive, and `control` (see
  // RunControl) are held until then.
  static Napi::Promise Start(const std::shared_ptr<JobThread>& owner, Napi::Env env,
                             std::shared_ptr<Job> job, Napi::Int32Array control);

 private:
  struct Request;

  static void OnSettled(napi_env env, napi_value callback, void* context, void* data);
  static void OnEnvironmentExit(void* request);

  void Push(Request* request);
  void Work();
  static void Run(Request& request);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request*> queue_;
  bool stop_ = false;
  std::atomic<bool> abandoned_{false};  // the environment is going away: stop every job
  std::thread thread_;
};

}  // namespace glocal
