#include "addon/linalg_addon.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "linalg.h"

namespace glocal {
namespace {

int SizeArgument(const Napi::Value& value, const char* name) {
  return static_cast<int>(IntegerArgument(value, name, 0, std::numeric_limits<int32_t>::max()));
}

// LAPACK may loop for ever over a NaN, so none reaches it.
const double* MatrixArgument(const Napi::Value& value, const char* name, int64_t length) {
  const Napi::Float64Array array = Float64Argument(value, name);
  const int64_t received = static_cast<int64_t>(array.ElementLength());
  if (received != length) {
    ThrowBadArgument(value.Env(),
                     std::string(name) + " to have " + std::to_string(length) + " elements",
                     std::to_string(received));
  }
  const double* data = array.Data();
  const double* bad =
      std::find_if_not(data, data + length, [](double x) { return std::isfinite(x); });
  if (bad != data + length) {
    ThrowBadArgument(value.Env(), std::string(name) + " to hold finite numbers",
                     Napi::Number::New(value.Env(), *bad).ToString().Utf8Value() + " at element " +
                         std::to_string(bad - data));
  }
  return data;
}

Napi::Float64Array ToJavaScript(Napi::Env env, const std::vector<double>& values) {
  Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value SvdOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[2], "n");
    const linalg::Svd svd = linalg::ThinSvd(MatrixArgument(info[0], "a", int64_t{m} * n), m, n);
    Napi::Object result = Napi::Object::New(env);
    result.Set("u", ToJavaScript(env, svd.u));
    result.Set("s", ToJavaScript(env, svd.s));
    result.Set("vt", ToJavaScript(env, svd.vt));
    return result;
  });
}

Napi::Value QrOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[2], "n");
    const linalg::Qr qr = linalg::ThinQr(MatrixArgument(info[0], "a", int64_t{m} * n), m, n);
    Napi::Object result = Napi::Object::New(env);
    result.Set("q", ToJavaScript(env, qr.q));
    result.Set("r", ToJavaScript(env, qr.r));
    return result;
  });
}

Napi::Value EigenOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int n = SizeArgument(info[1], "n");
    const linalg::Eigen eigen =
        linalg::RightEigenvectors(MatrixArgument(info[0], "a", int64_t{n} * n), n);
    Napi::Object result = Napi::Object::New(env);
    result.Set("values", ToJavaScript(env, eigen.values));
    result.Set("vectors", ToJavaScript(env, eigen.vectors));
    return result;
  });
}

Napi::Value ComplexLeastSquaresOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[2], "n");
    const double* a = MatrixArgument(info[0], "a", 2 * int64_t{m} * n);
    const double* b = MatrixArgument(info[3], "b", 2 * int64_t{m});
    const double rcond = info[4].IsNumber() ? info[4].As<Napi::Number>().DoubleValue() : NAN;
    if (!std::isfinite(rcond)) {
      ThrowBadArgument(env, "rcond to be a finite number", Describe(info[4]));
    }
    return ToJavaScript(env, linalg::ComplexLeastSquares(a, m, n, b, rcond));
  });
}

}  // namespace

void ExportLinalg(Napi::Env env, Napi::Object exports) {
  Napi::Object functions = Napi::Object::New(env);
  functions.Set("svd", Napi::Function::New(env, SvdOf, "svd"));
  functions.Set("qr", Napi::Function::New(env, QrOf, "qr"));
  functions.Set("eig", Napi::Function::New(env, EigenOf, "eig"));
  functions.Set("lstsqComplex", Napi::Function::New(env, ComplexLeastSquaresOf, "lstsqComplex"));
  exports.Set("linalg", functions);
}

}  // namespace glocal
