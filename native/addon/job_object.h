#pragma once

#include "addon/handle.h"
#include "addon/job_thread.h"
#include "job.h"

namespace glocal {

// A job, and the thread of its device.
struct PreparedJob {
  std::shared_ptr<Job> job;
  std::shared_ptr<JobThread> thread;
};

// NativeJob of lib/native/addon.ts.
class JobObject final : public Handle<JobObject, PreparedJob> {
 public:
  static constexpr napi_type_tag kTag = {0x5a0d7c3be8124f96, 0xb3f6210c94e8d751};
  static constexpr char kName[] = "a job";

  explicit JobObject(const Napi::CallbackInfo& info) : Handle(info) {}

  static Napi::Function Define(Napi::Env env);

 private:
  void RunSync(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);
};

}  // namespace glocal
