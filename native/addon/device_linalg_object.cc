#include "addon/device_linalg_object.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "addon/instance.h"
#include "addon/matrix_object.h"

namespace glocal {
namespace {

using cuda::Matrix;

Napi::Value Wrap(Napi::Env env, Matrix matrix) {
  return MatrixObject::Make(env, Instance::Of(env).matrix_class,
                            std::make_shared<Matrix>(std::move(matrix)));
}

Napi::Float64Array Numbers(Napi::Env env, const std::vector<double>& numbers) {
  Napi::Float64Array array = Napi::Float64Array::New(env, numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

std::string Shape(const Matrix& a) {
  return std::to_string(a.rows) + " × " + std::to_string(a.columns) + (a.complex ? " complex" : "");
}

const Matrix& MatrixArgument(const Napi::Value& value) { return *MatrixObject::From(value).held(); }

// cuBLAS and cuSOLVER count in 32 bits.
int64_t SizeArgument(const Napi::Value& value, const char* name) {
  return IntegerArgument(value, name, 1, INT32_MAX);
}

void Require(const Napi::CallbackInfo& info, bool fits, const char* expected, const Matrix& a) {
  if (!fits) ThrowBadArgument(info.Env(), expected, Shape(a));
}

// What a factorisation can be given.
const Matrix& RealArgument(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  Require(info, !a.complex && a.entries() > 0, "a real matrix with entries", a);
  return a;
}

}  // namespace

Napi::Function DeviceLinalgObject::Define(Napi::Env env) {
  using Self = DeviceLinalgObject;
  return DefineClass(env, "NativeDeviceLinalg",
                     {
                         InstanceMethod<&Self::Upload>("upload"),
                         InstanceMethod<&Self::Download>("download"),
                         InstanceMethod<&Self::Slice>("slice"),
                         InstanceMethod<&Self::PickColumns>("pickColumns"),
                         InstanceMethod<&Self::StackColumns>("stackColumns"),
                         InstanceMethod<&Self::RealPart>("realPart"),
                         InstanceMethod<&Self::DivideColumns>("divideColumns"),
                         InstanceMethod<&Self::Multiply>("multiply"),
                         InstanceMethod<&Self::Qr>("qr"),
                         InstanceMethod<&Self::Svd>("svd"),
                         InstanceMethod<&Self::Eigen>("eigen"),
                         InstanceMethod<&Self::LeastSquares>("leastSquares"),
                         InstanceAccessor<&Self::GetSolverMs>("solverMs"),
                     });
}

Napi::Value DeviceLinalgObject::Upload(const Napi::CallbackInfo& info) {
  const Napi::Float64Array data = Float64Argument(info[0], "data");
  const int64_t rows = SizeArgument(info[1], "rows"), columns = SizeArgument(info[2], "columns");
  const bool complex = info[3].ToBoolean().Value();
  const int64_t numbers = rows * columns * (complex ? 2 : 1);
  if (static_cast<int64_t>(data.ElementLength()) != numbers) {
    ThrowBadArgument(info.Env(), "data to have " + std::to_string(numbers) + " elements",
                     std::to_string(data.ElementLength()));
  }
  return Guard(info.Env(), [&] {
    return Wrap(info.Env(), held()->Upload(data.Data(), rows, columns, complex));
  });
}

Napi::Value DeviceLinalgObject::Download(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  return Guard(info.Env(), [&] { return Numbers(info.Env(), held()->Download(a)); });
}

Napi::Value DeviceLinalgObject::Slice(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const int64_t rows = IntegerArgument(info[1], "rows", 0, a.rows);
  const int64_t to = IntegerArgument(info[3], "to", 0, a.columns);
  const int64_t from = IntegerArgument(info[2], "from", 0, to);
  return Wrap(info.Env(), cuda::Linalg::Slice(a, rows, from, to));
}

Napi::Value DeviceLinalgObject::PickColumns(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const auto given =
      TypedArrayArgument<Napi::Int32Array>(info[1], napi_int32_array, "order", "an Int32Array");
  std::vector<int64_t> order(given.Data(), given.Data() + given.ElementLength());
  for (const int64_t column : order) {
    if (column < 0 || column >= a.columns) {
      ThrowBadArgument(info.Env(), "columns of " + Shape(a), std::to_string(column));
    }
  }
  return Guard(info.Env(),
               [&] { return Wrap(info.Env(), held()->PickColumns(a, std::move(order))); });
}

Napi::Value DeviceLinalgObject::StackColumns(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const int64_t stacks = IntegerArgument(info[1], "stacks", 1, std::max<int64_t>(1, a.columns));
  return Guard(info.Env(), [&] { return Wrap(info.Env(), held()->StackColumns(a, stacks)); });
}

Napi::Value DeviceLinalgObject::RealPart(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  return Guard(info.Env(), [&] { return Wrap(info.Env(), held()->RealPart(a)); });
}

Napi::Value DeviceLinalgObject::DivideColumns(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const Napi::Float64Array given = Float64Argument(info[1], "divisors");
  std::vector<double> divisors(given.Data(), given.Data() + given.ElementLength());
  Require(info, static_cast<int64_t>(divisors.size()) >= a.columns, "a divisor for each column", a);
  return Guard(info.Env(),
               [&] { return Wrap(info.Env(), held()->DivideColumns(a, std::move(divisors))); });
}

Napi::Value DeviceLinalgObject::Multiply(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const Matrix& b = MatrixArgument(info[1]);
  const bool adjoint = info[2].ToBoolean().Value();
  Require(info, b.rows > 0 && b.rows == (adjoint ? a.rows : a.columns),
          "a product's second matrix to have as many rows as its first asks for", b);
  return Guard(info.Env(), [&] { return Wrap(info.Env(), held()->Multiply(a, b, adjoint)); });
}

Napi::Value DeviceLinalgObject::Qr(const Napi::CallbackInfo& info) {
  const Matrix& a = RealArgument(info);
  return Guard(info.Env(), [&]() -> Napi::Value {
    const cuda::Linalg::Qr qr = held()->ThinQr(a);
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("basis", Wrap(info.Env(), qr.basis));
    result.Set("coordinates", Wrap(info.Env(), qr.coordinates));
    return result;
  });
}

Napi::Value DeviceLinalgObject::Svd(const Napi::CallbackInfo& info) {
  const Matrix& a = RealArgument(info);
  return Guard(info.Env(), [&]() -> Napi::Value {
    const cuda::Linalg::Svd svd = held()->ThinSvd(a);
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("left", Wrap(info.Env(), svd.left));
    result.Set("singularValues", Numbers(info.Env(), svd.singular_values));
    result.Set("right", Wrap(info.Env(), svd.right));
    return result;
  });
}

Napi::Value DeviceLinalgObject::Eigen(const Napi::CallbackInfo& info) {
  const Matrix& a = RealArgument(info);
  Require(info, a.rows == a.columns, "a square matrix", a);
  return Guard(info.Env(), [&]() -> Napi::Value {
    const cuda::Linalg::Eigen eigen = held()->RightEigenvectors(a);
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("values", Numbers(info.Env(), eigen.values));
    result.Set("vectors", Wrap(info.Env(), eigen.vectors));
    return result;
  });
}

Napi::Value DeviceLinalgObject::LeastSquares(const Napi::CallbackInfo& info) {
  const Matrix& a = MatrixArgument(info[0]);
  const Matrix& b = MatrixArgument(info[1]);
  Require(info, a.entries() > 0, "a matrix with entries", a);
  Require(info, b.rows == a.rows, "right sides with as many rows as the matrix has", b);
  const double cutoff = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : NAN;
  if (!std::isfinite(cutoff)) {
    ThrowBadArgument(info.Env(), "cutoff to be a finite number", Describe(info[2]));
  }
  return Guard(info.Env(), [&] { return Wrap(info.Env(), held()->LeastSquares(a, b, cutoff)); });
}

Napi::Value DeviceLinalgObject::GetSolverMs(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  for (const auto& [routine, milliseconds] : held()->solver().milliseconds()) {
    result.Set(routine, milliseconds);
  }
  return result;
}

}  // namespace glocal
