// `exports.createCudaDevice`, `probeCuda` and `findCudaDriver`: see Addon in lib/native/addon.ts.
#pragma once

#include <napi.h>

namespace glocal {

void ExportCuda(Napi::Env env, Napi::Object exports);

}  // namespace glocal
