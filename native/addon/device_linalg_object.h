#pragma once

#include "addon/handle.h"
#include "cuda/linalg.h"

namespace glocal {

// NativeDeviceLinalg of lib/native/addon.ts. Keeps its device alive.
class DeviceLinalgObject final : public Handle<DeviceLinalgObject, cuda::Linalg> {
 public:
  static constexpr napi_type_tag kTag = {0x94d3a60be817c25f, 0xe05b7c12d94f6a83};
  static constexpr char kName[] = "a device's linear algebra";

  explicit DeviceLinalgObject(const Napi::CallbackInfo& info) : Handle(info) {}

  static Napi::Function Define(Napi::Env env);

 private:
  Napi::Value Upload(const Napi::CallbackInfo& info);
  Napi::Value Download(const Napi::CallbackInfo& info);
  Napi::Value Slice(const Napi::CallbackInfo& info);
  Napi::Value PickColumns(const Napi::CallbackInfo& info);
  Napi::Value StackColumns(const Napi::CallbackInfo& info);
  Napi::Value RealPart(const Napi::CallbackInfo& info);
  Napi::Value DivideColumns(const Napi::CallbackInfo& info);
  Napi::Value Multiply(const Napi::CallbackInfo& info);
  Napi::Value Qr(const Napi::CallbackInfo& info);
  Napi::Value Svd(const Napi::CallbackInfo& info);
  Napi::Value Eigen(const Napi::CallbackInfo& info);
  Napi::Value LeastSquares(const Napi::CallbackInfo& info);
  Napi::Value GetSolverMs(const Napi::CallbackInfo& info);
};

}  // namespace glocal
