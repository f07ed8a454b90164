#include "addon/device_object.h"

#include <mutex>
#include <vector>

#include "addon/buffer_object.h"
#include "addon/device_linalg_object.h"
#include "addon/instance.h"
#include "addon/job_object.h"
#include "addon/program_object.h"
#include "number_reader.h"

namespace glocal {
namespace {

// The things held by an array of handles.
template <class Object, class Held>
std::vector<std::shared_ptr<Held>> HeldByAll(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) {
    ThrowBadArgument(value.Env(), std::string(name) + " to be an array", Describe(value));
  }
  const auto array = value.As<Napi::Array>();
  std::vector<std::shared_ptr<Held>> held;
  for (uint32_t i = 0; i < array.Length(); i++) {
    held.push_back(Object::From(array.Get(i)).held());
  }
  return held;
}

std::vector<KernelName> KernelsArgument(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<KernelName> kernels;
  for (uint32_t i = 0; i < array.Length(); i++) {
    if (!array.Get(i).IsObject()) ThrowBadArgument(value.Env(), "kernels", Describe(array.Get(i)));
    const auto kernel = array.Get(i).As<Napi::Object>();
    const Napi::Value module = kernel.Get("module");
    kernels.push_back({StringArgument(kernel.Get("name"), "a kernel's name"),
                       module.IsNull() ? -1
                                       : static_cast<int>(IntegerArgument(
                                             module, "a kernel's module", 0, INT32_MAX))});
  }
  return kernels;
}

HostRows RowsArgument(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Bytes table = ViewArgument(info[2], "table");
  HostRows rows;
  rows.table = table.data;
  rows.row_bytes = IntegerArgument(info[3], "rowBytes", 0, table.size);
  const auto index =
      TypedArrayArgument<Napi::Int32Array>(info[4], napi_int32_array, "index", "an Int32Array");
  rows.index = index.Data();
  rows.count = static_cast<int64_t>(index.ElementLength());
  const int64_t last = rows.row_bytes == 0 ? kLargestInteger : table.size / rows.row_bytes - 1;
  for (int64_t i = 0; i < rows.count; i++) {
    if (rows.index[i] < 0 || rows.index[i] > last) {
      ThrowBadArgument(env, "rows from 0 to " + std::to_string(last) + " in index",
                       std::to_string(rows.index[i]));
    }
  }
  if (info[5].IsNull()) return rows;
  const Bytes values = ViewArgument(info[5], "values");
  if (values.size != 256 * 4 && values.size != 256 * 8) {
    ThrowBadArgument(env, "values to be 256 numbers of 4 or 8 bytes",
                     std::to_string(values.size) + " bytes");
  }
  rows.values = values.data;
  rows.value_bytes = values.size / 256;
  return rows;
}

}  // namespace

Napi::Function DeviceObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeDevice",
                     {
                         InstanceAccessor<&DeviceObject::GetThreads>("threads"),
                         InstanceAccessor<&DeviceObject::GetLevel>("level"),
                         InstanceAccessor<&DeviceObject::GetDescription>("description"),
                         InstanceAccessor<&DeviceObject::GetMemoryBytes>("memoryBytes"),
                         InstanceAccessor<&DeviceObject::GetLinalg>("linalg"),
                         InstanceMethod<&DeviceObject::Allocate>("allocate"),
                         InstanceMethod<&DeviceObject::WriteRows>("writeRows"),
                         InstanceMethod<&DeviceObject::Compile>("compile"),
                         InstanceMethod<&DeviceObject::Prepare>("prepare"),
                         InstanceMethod<&DeviceObject::Dispose>("dispose"),
                     });
}

Napi::Value DeviceObject::GetThreads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), held()->threads());
}

Napi::Value DeviceObject::GetLevel(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), held()->level());
}

Napi::Value DeviceObject::GetDescription(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), held()->description());
}

Napi::Value DeviceObject::GetMemoryBytes(const Napi::CallbackInfo& info) {
  return Guard(info.Env(), [&] {
    return Napi::Number::New(info.Env(), static_cast<double>(held()->memory_bytes()));
  });
}

Napi::Value DeviceObject::GetLinalg(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return Guard(env, [&]() -> Napi::Value {
    cuda::Linalg* const linalg = held()->linalg();
    if (!linalg) return env.Null();
    return DeviceLinalgObject::Make(env, Instance::Of(env).device_linalg_class,
                                    std::shared_ptr<cuda::Linalg>(held(), linalg));
  });
}

Napi::Value DeviceObject::Allocate(const Napi::CallbackInfo& info) {
  const int64_t bytes = IntegerArgument(info[0], "bytes", 0, kLargestInteger);
  return Guard(info.Env(), [&] {
    return BufferObject::Make(info.Env(), Instance::Of(info.Env()).buffer_class,
                              held()->Allocate(bytes));
  });
}

void DeviceObject::WriteRows(const Napi::CallbackInfo& info) {
  const BufferObject& buffer = BufferObject::From(info[0]);
  if (buffer.held()->device() != held().get()) {
    ThrowBadArgument(info.Env(), "a buffer of this device", "one of another");
  }
  const HostRows rows = RowsArgument(info);
  const int64_t offset = buffer.CheckedOffset(info[1], rows.bytes());
  Guard(info.Env(), [&] {
    const std::lock_guard<std::mutex> lock(held()->busy());
    held()->WriteRows(*buffer.held(), offset, rows);
  });
}

Napi::Value DeviceObject::Compile(const Napi::CallbackInfo& info) {
  const Napi::Float64Array code = Float64Argument(info[0], "code");
  ProgramSource source;
  source.code = code.Data();
  source.length = code.ElementLength();
  CompileOptions options;
  if (info[1].IsObject()) {
    const auto given = info[1].As<Napi::Object>();
    options.poison = given.Get("poison").ToBoolean().Value();
    if (given.Get("modules").IsArray()) source.modules = StringsArgument(given, "modules");
    if (given.Get("kernels").IsArray()) source.kernels = KernelsArgument(given.Get("kernels"));
  }
  return Guard(info.Env(), [&] {
    return ProgramObject::Make(info.Env(), Instance::Of(info.Env()).program_class,
                               held()->Compile(source, options));
  });
}

Napi::Value DeviceObject::Prepare(const Napi::CallbackInfo& info) {
  const Napi::Float64Array code = Float64Argument(info[0], "job");
  auto programs = HeldByAll<ProgramObject, Executable>(info[1], "programs");
  auto buffers = HeldByAll<BufferObject, Buffer>(info[2], "buffers");
  return Guard(info.Env(), [&] {
    auto prepared = std::make_shared<PreparedJob>();
    prepared->job = DecodeJob(code.Data(), code.ElementLength(), held(),
                              {programs.begin(), programs.end()}, std::move(buffers));
    prepared->thread = job_thread_;
    return JobObject::Make(info.Env(), Instance::Of(info.Env()).job_class, std::move(prepared));
  });
}

void DeviceObject::Dispose(const Napi::CallbackInfo&) { Release(); }

}  // namespace glocal
