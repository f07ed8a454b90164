#include "addon/program_object.h"

namespace glocal {

Napi::Function ProgramObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeProgram",
                     {
                         InstanceAccessor<&ProgramObject::GetArenaBytes>("arenaBytes"),
                         InstanceMethod<&ProgramObject::Dispose>("dispose"),
                     });
}

Napi::Value ProgramObject::GetArenaBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(held()->arena_bytes()));
}

void ProgramObject::Dispose(const Napi::CallbackInfo&) { Release(); }

}  // namespace glocal
