#pragma once

#include "addon/handle.h"
#include "device.h"

namespace glocal {

// NativeBuffer of lib/native/addon.ts.
class BufferObject final : public Handle<BufferObject, Buffer> {
 public:
  static constexpr napi_type_tag kTag = {0x3f1c9a52d6e84b07, 0xa1d05c7e92b34f68};
  static constexpr char kName[] = "a buffer";

  explicit BufferObject(const Napi::CallbackInfo& info);
  ~BufferObject() override;

  static Napi::Function Define(Napi::Env env);

  // An offset from which `bytes` lie within the buffer.
  int64_t CheckedOffset(const Napi::Value& offset, int64_t bytes) const;

 private:
  Napi::Value GetBytes(const Napi::CallbackInfo& info);
  void Write(const Napi::CallbackInfo& info);
  void Read(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);

  // Tells the garbage collector how much memory hangs on this object.
  void Account(int64_t change) const;

  int64_t accounted_ = 0;
};

}  // namespace glocal
