#pragma once

#include "addon/handle.h"
#include "addon/job_thread.h"
#include "device.h"

namespace glocal {

// NativeDevice of lib/native/addon.ts.
class DeviceObject final : public Handle<DeviceObject, Device> {
 public:
  static constexpr napi_type_tag kTag = {0x12d98e5bc07a4f61, 0xe4a83f1769d25c0b};
  static constexpr char kName[] = "a device";

  explicit DeviceObject(const Napi::CallbackInfo& info) : Handle(info) {}

  static Napi::Function Define(Napi::Env env);

 private:
  Napi::Value GetThreads(const Napi::CallbackInfo& info);
  Napi::Value GetLevel(const Napi::CallbackInfo& info);
  Napi::Value GetDescription(const Napi::CallbackInfo& info);
  Napi::Value GetMemoryBytes(const Napi::CallbackInfo& info);
  Napi::Value GetLinalg(const Napi::CallbackInfo& info);
  Napi::Value Allocate(const Napi::CallbackInfo& info);
  void WriteRows(const Napi::CallbackInfo& info);
  Napi::Value Compile(const Napi::CallbackInfo& info);
  Napi::Value Prepare(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<JobThread> job_thread_ = std::make_shared<JobThread>();
};

}  // namespace glocal
