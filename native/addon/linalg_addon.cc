#include "addon/linalg_addon.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
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

// Not checked for NaN, which multiplication has no trouble with.
const double* FactorArgument(const Napi::Value& value, const char* name, int64_t length) {
  const Napi::Float64Array array = Float64Argument(value, name);
  if (static_cast<int64_t>(array.ElementLength()) != length) {
    ThrowBadArgument(value.Env(),
                     std::string(name) + " to have " + std::to_string(length) + " elements",
                     std::to_string(array.ElementLength()));
  }
  return array.Data();
}

bool FlagArgument(const Napi::Value& value) { return value.IsBoolean() && value.ToBoolean(); }

Napi::Value ProductOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[2], "m");
    const int k = SizeArgument(info[3], "k");
    const int n = SizeArgument(info[4], "n");
    const double* a = FactorArgument(info[0], "a", int64_t{m} * k);
    const double* b = FactorArgument(info[1], "b", int64_t{k} * n);
    Napi::Float64Array c = Napi::Float64Array::New(env, static_cast<size_t>(m) * n);
    linalg::Multiply(a, b, m, k, n, FlagArgument(info[5]), c.Data());
    return c;
  });
}

Napi::Value SvdOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[2], "n");
    const bool complex = FlagArgument(info[3]);
    const double* a = MatrixArgument(info[0], "a", (complex ? 2 : 1) * int64_t{m} * n);
    const linalg::Svd svd = complex ? linalg::ComplexThinSvd(a, m, n) : linalg::ThinSvd(a, m, n);
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
    const bool complex = FlagArgument(info[3]);
    const double* a = MatrixArgument(info[0], "a", (complex ? 2 : 1) * int64_t{m} * n);
    const linalg::Qr qr = complex ? linalg::ComplexThinQr(a, m, n) : linalg::ThinQr(a, m, n);
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
    const bool complex = FlagArgument(info[2]);
    const double* a = MatrixArgument(info[0], "a", (complex ? 2 : 1) * int64_t{n} * n);
    const linalg::Eigen eigen =
        complex ? linalg::ComplexRightEigenvectors(a, n) : linalg::RightEigenvectors(a, n);
    Napi::Object result = Napi::Object::New(env);
    result.Set("values", ToJavaScript(env, eigen.values));
    result.Set("vectors", ToJavaScript(env, eigen.vectors));
    return result;
  });
}

Napi::Value SchurResult(Napi::Env env, const linalg::Schur& schur) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("t", ToJavaScript(env, schur.t));
  result.Set("z", ToJavaScript(env, schur.z));
  return result;
}

Napi::Value SchurOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int n = SizeArgument(info[1], "n");
    return SchurResult(env,
                       linalg::ComplexSchur(MatrixArgument(info[0], "a", 2 * int64_t{n} * n), n));
  });
}

// Each of 0 … n−1 once.
std::vector<int> OrderArgument(const Napi::Value& value, int n) {
  std::vector<int> order;
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_int32_array) {
    const Napi::Int32Array array = value.As<Napi::Int32Array>();
    order.assign(array.Data(), array.Data() + array.ElementLength());
  }
  std::vector<int> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool whole = static_cast<int>(sorted.size()) == n;
  for (int k = 0; whole && k < n; ++k) whole = sorted[k] == k;
  if (!whole) {
    ThrowBadArgument(value.Env(),
                     "order to be an Int32Array with each of 0 … " + std::to_string(n - 1),
                     Describe(value));
  }
  return order;
}

Napi::Value ReorderedSchurOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int n = SizeArgument(info[2], "n");
    const int64_t length = 2 * int64_t{n} * n;
    const double* t = MatrixArgument(info[0], "t", length);
    const double* z = MatrixArgument(info[1], "z", length);
    linalg::Schur schur{{t, t + length}, {z, z + length}};
    return SchurResult(env, linalg::ReorderedSchur(std::move(schur), n, OrderArgument(info[3], n)));
  });
}

Napi::Value TriangularSylvesterOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[3], "n");
    const double* a = MatrixArgument(info[0], "a", 2 * int64_t{m} * m);
    const double* b = MatrixArgument(info[2], "b", 2 * int64_t{n} * n);
    const double* c = MatrixArgument(info[4], "c", 2 * int64_t{m} * n);
    return ToJavaScript(env, linalg::TriangularSylvester(a, m, b, n, c));
  });
}

Napi::Value ComplexLeastSquaresOf(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    const int m = SizeArgument(info[1], "m");
    const int n = SizeArgument(info[2], "n");
    const int sides = info[5].IsUndefined() ? 1 : SizeArgument(info[5], "sides");
    const double* a = MatrixArgument(info[0], "a", 2 * int64_t{m} * n);
    const double* b = MatrixArgument(info[3], "b", 2 * int64_t{m} * sides);
    const double rcond = info[4].IsNumber() ? info[4].As<Napi::Number>().DoubleValue() : NAN;
    if (!std::isfinite(rcond)) {
      ThrowBadArgument(env, "rcond to be a finite number", Describe(info[4]));
    }
    return ToJavaScript(env, linalg::ComplexLeastSquares(a, m, n, b, sides, rcond));
  });
}

}  // namespace

void ExportLinalg(Napi::Env env, Napi::Object exports) {
  Napi::Object functions = Napi::Object::New(env);
  functions.Set("multiply", Napi::Function::New(env, ProductOf, "multiply"));
  functions.Set("svd", Napi::Function::New(env, SvdOf, "svd"));
  functions.Set("qr", Napi::Function::New(env, QrOf, "qr"));
  functions.Set("eig", Napi::Function::New(env, EigenOf, "eig"));
  functions.Set("schur", Napi::Function::New(env, SchurOf, "schur"));
  functions.Set("reorderSchur", Napi::Function::New(env, ReorderedSchurOf, "reorderSchur"));
  functions.Set("sylvester", Napi::Function::New(env, TriangularSylvesterOf, "sylvester"));
  functions.Set("lstsqComplex", Napi::Function::New(env, ComplexLeastSquaresOf, "lstsqComplex"));
  exports.Set("linalg", functions);
}

}  // namespace glocal
