// Checked reading of arguments from JavaScript, and exceptions turned into errors of JavaScript.
#pragma once

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "errors.h"

namespace glocal {

[[noreturn]] inline void ThrowBadArgument(Napi::Env env, const std::string& expected,
                                          const std::string& received) {
  throw Napi::TypeError::New(env, "Expected " + expected + " but received " + received + ".");
}

// What a value is, in words for a message.
inline std::string Describe(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_number:
    case napi_boolean:
      return value.ToString().Utf8Value();
    case napi_string:
      return "\"" + value.As<Napi::String>().Utf8Value() + "\"";
    case napi_function:
      return "a function";
    case napi_object:
      return value.IsArray() ? "an array" : value.IsTypedArray() ? "another array" : "an object";
    default:
      return "another value";
  }
}

inline int64_t IntegerArgument(const Napi::Value& value, const char* name, int64_t low,
                               int64_t high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high)) ||
      number != std::floor(number)) {
    ThrowBadArgument(value.Env(),
                     std::string(name) + " to be an integer in [" + std::to_string(low) + ", " +
                         std::to_string(high) + "]",
                     Describe(value));
  }
  return static_cast<int64_t>(number);
}

inline std::string StringArgument(const Napi::Value& value, const char* name) {
  if (!value.IsString()) {
    ThrowBadArgument(value.Env(), std::string(name) + " to be a string", Describe(value));
  }
  return value.As<Napi::String>().Utf8Value();
}

// A property that is a list of strings.
inline std::vector<std::string> StringsArgument(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsArray()) {
    ThrowBadArgument(value.Env(), std::string(name) + " to be a list", Describe(value));
  }
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) {
    strings.push_back(StringArgument(array.Get(i), name));
  }
  return strings;
}

template <class Array>
Array TypedArrayArgument(const Napi::Value& value, napi_typedarray_type type, const char* name,
                         const char* type_name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    ThrowBadArgument(value.Env(), std::string(name) + " to be " + type_name, Describe(value));
  }
  return value.As<Array>();
}

inline Napi::Float64Array Float64Argument(const Napi::Value& value, const char* name) {
  return TypedArrayArgument<Napi::Float64Array>(value, napi_float64_array, name, "a Float64Array");
}

// The bytes that a typed array or a DataView shows.
struct Bytes {
  std::byte* data;
  int64_t size;
};

inline Bytes ViewArgument(const Napi::Value& value, const char* name) {
  void* data = nullptr;
  size_t size = 0;
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr);
    size = array.ByteLength();
  } else if (value.IsDataView()) {
    napi_get_dataview_info(value.Env(), value, &size, &data, nullptr, nullptr);
  } else {
    ThrowBadArgument(value.Env(), std::string(name) + " to be a typed array or a DataView",
                     Describe(value));
  }
  return {static_cast<std::byte*>(data), static_cast<int64_t>(size)};
}

// An Error with the code and the parts of `error`: lib/native/errors.ts makes a GlocalError of it.
inline Napi::Value ToJavaScript(Napi::Env env, const CodedError& error) {
  Napi::Object value = Napi::Error::New(env, error.what()).Value();
  value.Set("code", error.code());
  value.Set("expected", error.expected());
  value.Set("received", error.received());
  value.Set("hint", error.hint());
  return value;
}

// Runs `body`; what it throws in C++ is thrown as an Error of JavaScript.
template <class Body>
auto Guard(Napi::Env env, const Body& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Napi::Error(env, ToJavaScript(env, OutOfMemory()));
  } catch (const CodedError& e) {
    throw Napi::Error(env, ToJavaScript(env, e));
  } catch (const std::exception& e) {
    throw Napi::Error::New(env, e.what());
  }
}

}  // namespace glocal
