// The addon's entry: everything that lib/native/addon.ts calls Addon.
#include <napi.h>

#include "addon/buffer_object.h"
#include "addon/cuda_addon.h"
#include "addon/device_linalg_object.h"
#include "addon/device_object.h"
#include "addon/instance.h"
#include "addon/job_object.h"
#include "addon/linalg_addon.h"
#include "addon/matrix_object.h"
#include "addon/program_object.h"
#include "blas.h"
#include "cpu/cpu_device.h"
#include "cpu/dispatch.h"
#include "processors.h"
#include "program.h"

namespace glocal {
namespace {

constexpr int kMostThreads = 1024;

std::string BlasName() {
  const std::string config = openblas_get_config();
  const size_t version_end = config.find(' ', config.find(' ') + 1);
  return config.substr(0, version_end) + " " + openblas_get_corename();
}

Napi::Value CreateCpuDevice(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) ThrowBadArgument(env, "options", Describe(info[0]));
  const auto options = info[0].As<Napi::Object>();
  const auto threads =
      static_cast<int>(IntegerArgument(options.Get("threads"), "threads", 1, kMostThreads));
  const Napi::Value simd = options.Get("simd");
  if (!simd.IsUndefined() && !simd.IsString()) {
    ThrowBadArgument(env, "simd to be a string", Describe(simd));
  }
  return Guard(env, [&] {
    const std::string level = simd.IsString() ? simd.As<Napi::String>().Utf8Value() : "";
    return DeviceObject::Make(env, Instance::Of(env).device_class,
                              cpu::CreateDevice(threads, level));
  });
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  // Our own threads call BLAS side by side, so that results never depend on its threads.
  openblas_set_num_threads(1);

  auto* instance = new Instance();
  env.SetInstanceData(instance);
  instance->buffer_class = Napi::Persistent(BufferObject::Define(env));
  instance->program_class = Napi::Persistent(ProgramObject::Define(env));
  instance->job_class = Napi::Persistent(JobObject::Define(env));
  instance->device_class = Napi::Persistent(DeviceObject::Define(env));
  instance->matrix_class = Napi::Persistent(MatrixObject::Define(env));
  instance->device_linalg_class = Napi::Persistent(DeviceLinalgObject::Define(env));

  Napi::Array levels = Napi::Array::New(env);
  for (const cpu::Kernels* kernels : cpu::UsableKernels()) {
    levels.Set(levels.Length(), Napi::String::New(env, kernels->name));
  }
  exports.Set("encodingVersion", kEncodingVersion);
  exports.Set("version", GLOCAL_VERSION);
  exports.Set("blas", BlasName());
  exports.Set("simdLevels", levels);
  exports.Set("cpus", UsableProcessors());
  exports.Set("createCpuDevice", Napi::Function::New<CreateCpuDevice>(env, "createCpuDevice"));
  ExportCuda(env, exports);
  ExportLinalg(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(glocal, Initialise)

}  // namespace glocal
