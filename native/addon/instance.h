// What one environment of Node (the main thread, or a worker) keeps of this addon.
#pragma once

#include <napi.h>

namespace glocal {

struct Instance {
  Napi::FunctionReference buffer_class;
  Napi::FunctionReference program_class;
  Napi::FunctionReference job_class;
  Napi::FunctionReference device_class;
  Napi::FunctionReference matrix_class;
  Napi::FunctionReference device_linalg_class;

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace glocal
