#include "addon/job_thread.h"

#include <exception>
#include <string>
#include <utility>

#include "addon/arguments.h"

namespace glocal {

struct JobThread::Request {
  std::shared_ptr<JobThread> owner;
  std::shared_ptr<Job> job;
  Napi::Reference<Napi::Int32Array> control_array;
  int32_t* control;
  napi_deferred deferred;
  napi_threadsafe_function settle;
  // Set when the thread has let go of `settle`; it outlives the request, which may be freed then.
  std::shared_ptr<std::atomic<bool>> done = std::make_shared<std::atomic<bool>>(false);
  int64_t ran = 0;
  std::unique_ptr<CodedError> coded_error;
  std::string error;  // any other
};

JobThread::~JobThread() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Napi::Promise JobThread::Start(const std::shared_ptr<JobThread>& owner, Napi::Env env,
                               std::shared_ptr<Job> job, Napi::Int32Array control) {
  auto request = std::make_unique<Request>();
  request->owner = owner;
  request->job = std::move(job);
  request->control_array = Napi::Reference<Napi::Int32Array>::New(control, 1);
  request->control = control.Data();

  napi_value promise;
  NAPI_THROW_IF_FAILED(env, napi_create_promise(env, &request->deferred, &promise),
                       Napi::Promise(env, nullptr));
  NAPI_THROW_IF_FAILED(
      env,
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "glocal job"),
                                      0, 1, nullptr, nullptr, nullptr, OnSettled, &request->settle),
      Napi::Promise(env, nullptr));
  // Hooks run in reverse order: this one before that of the thread-safe function, which the job
  // may still call until this hook has waited for it.
  NAPI_THROW_IF_FAILED(env, napi_add_env_cleanup_hook(env, OnEnvironmentExit, request.get()),
                       Napi::Promise(env, nullptr));
  owner->Push(request.release());
  return Napi::Promise(env, promise);
}

// On the thread of JavaScript; `env` is null while the environment is going away.
void JobThread::OnSettled(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Request> request(static_cast<Request*>(data));
  request->done->wait(false, std::memory_order_acquire);
  if (!env) {
    request->control_array.SuppressDestruct();
    return;
  }
  napi_remove_env_cleanup_hook(env, OnEnvironmentExit, request.get());
  napi_value value;
  if (request->coded_error) {
    napi_reject_deferred(env, request->deferred, ToJavaScript(env, *request->coded_error));
    return;
  }
  if (request->error.empty()) {
    napi_create_int64(env, request->ran, &value);
    napi_resolve_deferred(env, request->deferred, value);
    return;
  }
  napi_value message;
  napi_create_string_utf8(env, request->error.data(), request->error.size(), &message);
  napi_create_error(env, nullptr, message, &value);
  napi_reject_deferred(env, request->deferred, value);
}

void JobThread::OnEnvironmentExit(void* data) {
  auto* request = static_cast<Request*>(data);
  request->owner->abandoned_.store(true, std::memory_order_release);
  request->done->wait(false, std::memory_order_acquire);
}

void JobThread::Push(Request* request) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(request);
    if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  }
  changed_.notify_one();
}

void JobThread::Work() {
  for (;;) {
    Request* request;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (queue_.empty()) return;
      request = queue_.front();
      queue_.pop_front();
    }
    Run(*request);
  }
}

void JobThread::Run(Request& request) {
  try {
    request.ran = RunJob(*request.job, RunControl(request.control, &request.owner->abandoned_));
  } catch (const std::bad_alloc&) {
    request.coded_error = std::make_unique<CodedError>(OutOfMemory());
  } catch (const CodedError& e) {
    request.coded_error = std::make_unique<CodedError>(e);
  } catch (const std::exception& e) {
    request.error = e.what();
  }
  const napi_threadsafe_function settle = request.settle;
  const std::shared_ptr<std::atomic<bool>> done = request.done;
  napi_call_threadsafe_function(settle, &request, napi_tsfn_nonblocking);
  napi_release_threadsafe_function(settle, napi_tsfn_release);
  done->store(true, std::memory_order_release);
  done->notify_all();
}

}  // namespace glocal
