#pragma once

#include "addon/handle.h"
#include "device.h"

namespace glocal {

// NativeProgram of lib/native/addon.ts.
class ProgramObject final : public Handle<ProgramObject, Executable> {
 public:
  static constexpr napi_type_tag kTag = {0x7be2046fa19d4c33, 0x8c5e71d03b9f4a26};
  static constexpr char kName[] = "a program";

  explicit ProgramObject(const Napi::CallbackInfo& info) : Handle(info) {}

  static Napi::Function Define(Napi::Env env);

 private:
  Napi::Value GetArenaBytes(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);
};

}  // namespace glocal
