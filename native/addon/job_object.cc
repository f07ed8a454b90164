#include "addon/job_object.h"

namespace glocal {

Napi::Function JobObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeJob",
                     {
                         InstanceMethod<&JobObject::RunSync>("runSync"),
                         InstanceMethod<&JobObject::Run>("run"),
                         InstanceMethod<&JobObject::Dispose>("dispose"),
                     });
}

void JobObject::RunSync(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { return RunJob(*held()->job, RunControl(nullptr, nullptr)); });
}

Napi::Value JobObject::Run(const Napi::CallbackInfo& info) {
  const auto control =
      TypedArrayArgument<Napi::Int32Array>(info[0], napi_int32_array, "control", "an Int32Array");
  if (control.ElementLength() < 2) {
    ThrowBadArgument(info.Env(), "control to have 2 elements",
                     std::to_string(control.ElementLength()));
  }
  return Guard(info.Env(),
               [&] { return JobThread::Start(held()->thread, info.Env(), held()->job, control); });
}

void JobObject::Dispose(const Napi::CallbackInfo&) { Release(); }

}  // namespace glocal
