#pragma once

#include "addon/handle.h"
#include "cuda/matrix.h"

namespace glocal {

// NativeMatrix of lib/native/addon.ts.
class MatrixObject final : public Handle<MatrixObject, cuda::Matrix> {
 public:
  static constexpr napi_type_tag kTag = {0x7be20d4193c5f86a, 0x2c94e1f7ab5d0836};
  static constexpr char kName[] = "a matrix on the device";

  explicit MatrixObject(const Napi::CallbackInfo& info);
  ~MatrixObject() override;

  static Napi::Function Define(Napi::Env env);

 private:
  Napi::Value GetRows(const Napi::CallbackInfo& info);
  Napi::Value GetColumns(const Napi::CallbackInfo& info);
  Napi::Value GetComplex(const Napi::CallbackInfo& info);
  void Dispose(const Napi::CallbackInfo& info);

  int64_t accounted_ = 0;
};

}  // namespace glocal
