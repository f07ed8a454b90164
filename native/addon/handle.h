// Objects of JavaScript that hold a shared pointer to something of the device.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "addon/arguments.h"

namespace glocal {

// Derived has: static constexpr napi_type_tag kTag; static constexpr char kName[].
template <class Derived, class Held>
class Handle : public Napi::ObjectWrap<Derived> {
 public:
  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Derived>(info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
      ThrowBadArgument(info.Env(), std::string(Derived::kName) + " to be made by its device",
                       "a call of its constructor");
    }
    held_ = *info[0].As<Napi::External<std::shared_ptr<Held>>>().Data();
    napi_type_tag_object(info.Env(), info.This(), &Derived::kTag);
  }

  static Napi::Object Make(Napi::Env env, const Napi::FunctionReference& constructor,
                           std::shared_ptr<Held> held) {
    return constructor.New({Napi::External<std::shared_ptr<Held>>::New(env, &held)});
  }

  // The handle inside `value`, if it is of this class.
  static Derived& From(const Napi::Value& value) {
    bool ours = false;
    if (value.IsObject()) napi_check_object_type_tag(value.Env(), value, &Derived::kTag, &ours);
    if (!ours) ThrowBadArgument(value.Env(), Derived::kName, Describe(value));
    return *Derived::Unwrap(value.As<Napi::Object>());
  }

  // Throws after dispose().
  const std::shared_ptr<Held>& held() const {
    if (!held_) ThrowBadArgument(this->Env(), Derived::kName, "one that was disposed of");
    return held_;
  }

 protected:
  std::shared_ptr<Held> Release() { return std::exchange(held_, nullptr); }

 private:
  std::shared_ptr<Held> held_;
};

}  // namespace glocal
