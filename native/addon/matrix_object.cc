#include "addon/matrix_object.h"

#include <utility>

namespace glocal {

// The garbage collector is told how much memory hangs on a matrix.
MatrixObject::MatrixObject(const Napi::CallbackInfo& info)
    : Handle(info), accounted_(held()->numbers() * int64_t{sizeof(double)}) {
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), accounted_);
}

MatrixObject::~MatrixObject() { Napi::MemoryManagement::AdjustExternalMemory(Env(), -accounted_); }

Napi::Function MatrixObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeMatrix",
                     {
                         InstanceAccessor<&MatrixObject::GetRows>("rows"),
                         InstanceAccessor<&MatrixObject::GetColumns>("columns"),
                         InstanceAccessor<&MatrixObject::GetComplex>("complex"),
                         InstanceMethod<&MatrixObject::Dispose>("dispose"),
                     });
}

Napi::Value MatrixObject::GetRows(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(held()->rows));
}

Napi::Value MatrixObject::GetColumns(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(held()->columns));
}

Napi::Value MatrixObject::GetComplex(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), held()->complex);
}

void MatrixObject::Dispose(const Napi::CallbackInfo& info) {
  Release();
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -std::exchange(accounted_, 0));
}

}  // namespace glocal
