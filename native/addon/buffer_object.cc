#include "addon/buffer_object.h"

#include "number_reader.h"

namespace glocal {

BufferObject::BufferObject(const Napi::CallbackInfo& info)
    : Handle(info), accounted_(held()->bytes()) {
  Account(accounted_);
}

BufferObject::~BufferObject() { Account(-accounted_); }

Napi::Function BufferObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeBuffer",
                     {
                         InstanceAccessor<&BufferObject::GetBytes>("bytes"),
                         InstanceMethod<&BufferObject::Write>("write"),
                         InstanceMethod<&BufferObject::Read>("read"),
                         InstanceMethod<&BufferObject::Dispose>("dispose"),
                     });
}

Napi::Value BufferObject::GetBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(held()->bytes()));
}

void BufferObject::Write(const Napi::CallbackInfo& info) {
  const Bytes source = ViewArgument(info[0], "source");
  const int64_t offset = CheckedOffset(info[1], source.size);
  Guard(info.Env(), [&] { held()->Write(offset, source.data, source.size); });
}

void BufferObject::Read(const Napi::CallbackInfo& info) {
  const Bytes target = ViewArgument(info[0], "target");
  const int64_t offset = CheckedOffset(info[1], target.size);
  Guard(info.Env(), [&] { held()->Read(offset, target.data, target.size); });
}

void BufferObject::Dispose(const Napi::CallbackInfo&) {
  if (Release()) Account(-std::exchange(accounted_, 0));
}

int64_t BufferObject::CheckedOffset(const Napi::Value& value, int64_t bytes) const {
  const int64_t offset = IntegerArgument(value, "byteOffset", 0, kLargestInteger);
  if (bytes > held()->bytes() - offset) {
    ThrowBadArgument(value.Env(),
                     "bytes [" + std::to_string(offset) + ", " + std::to_string(offset + bytes) +
                         ") to lie within the buffer",
                     "a buffer of " + std::to_string(held()->bytes()) + " bytes");
  }
  return offset;
}

void BufferObject::Account(int64_t change) const {
  int64_t total;
  napi_adjust_external_memory(Env(), change, &total);
}

}  // namespace glocal
