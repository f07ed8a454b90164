#include "addon/cuda_addon.h"

#include <limits>

#include "addon/arguments.h"
#include "addon/device_object.h"
#include "addon/instance.h"
#include "cuda/cuda_device.h"
#include "cuda/probe.h"

namespace glocal {
namespace {

cuda::CudaOptions OptionsArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject()) ThrowBadArgument(info.Env(), "options", Describe(info[0]));
  const auto given = info[0].As<Napi::Object>();
  const Napi::Value value = given.Get("libraries");
  if (!value.IsObject()) ThrowBadArgument(info.Env(), "libraries", Describe(value));
  const auto libraries = value.As<Napi::Object>();
  cuda::CudaOptions options;
  options.libraries.driver = StringsArgument(libraries, "driver");
  options.libraries.nvrtc = StringsArgument(libraries, "nvrtc");
  options.libraries.nvjitlink = StringsArgument(libraries, "nvjitlink");
  options.libraries.cublas_lt = StringsArgument(libraries, "cublasLt");
  options.libraries.cublas = StringsArgument(libraries, "cublas");
  options.libraries.cusparse = StringsArgument(libraries, "cusparse");
  options.libraries.cusolver = StringsArgument(libraries, "cusolver");
  options.cache_folder = StringArgument(given.Get("cacheFolder"), "cacheFolder");
  options.ordinal = static_cast<int>(
      IntegerArgument(given.Get("ordinal"), "ordinal", 0, std::numeric_limits<int32_t>::max()));
  return options;
}

Napi::Value CreateCudaDevice(const Napi::CallbackInfo& info) {
  const cuda::CudaOptions options = OptionsArgument(info);
  return Guard(info.Env(), [&] {
    return DeviceObject::Make(info.Env(), Instance::Of(info.Env()).device_class,
                              cuda::CreateDevice(options));
  });
}

Napi::Object ChipToJavaScript(Napi::Env env, const cuda::Chip& chip) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", chip.name);
  result.Set("computeCapability", std::to_string(chip.major) + "." + std::to_string(chip.minor));
  result.Set("memoryBytes", static_cast<double>(chip.memory_bytes));
  return result;
}

Napi::Value ProbeCuda(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const cuda::Probe probe = cuda::ProbeCuda(OptionsArgument(info));
  Napi::Array devices = Napi::Array::New(env);
  for (const cuda::Chip& chip : probe.chips) {
    devices.Set(devices.Length(), ChipToJavaScript(env, chip));
  }
  Napi::Object libraries = Napi::Object::New(env);
  for (const cuda::OpenedLibrary& library : probe.libraries) {
    libraries.Set(library.name, library.path);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("usable", probe.usable);
  result.Set("code", probe.usable ? env.Null() : Napi::String::New(env, probe.code));
  result.Set("reason", probe.reason);
  result.Set("devices", devices);
  result.Set("driverVersion", probe.driver_version);
  result.Set("libraries", libraries);
  return result;
}

void FindCudaDriver(const Napi::CallbackInfo& info) {
  const cuda::CudaOptions options = OptionsArgument(info);
  Guard(info.Env(), [&] { cuda::FindDriver(options.libraries); });
}

}  // namespace

void ExportCuda(Napi::Env env, Napi::Object exports) {
  exports.Set("createCudaDevice", Napi::Function::New<CreateCudaDevice>(env, "createCudaDevice"));
  exports.Set("probeCuda", Napi::Function::New<ProbeCuda>(env, "probeCuda"));
  exports.Set("findCudaDriver", Napi::Function::New<FindCudaDriver>(env, "findCudaDriver"));
}

}  // namespace glocal
