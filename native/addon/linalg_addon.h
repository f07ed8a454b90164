// `exports.linalg`: see NativeLinalg in lib/native/addon.ts.
#pragma once

#include <napi.h>

namespace glocal {

void ExportLinalg(Napi::Env env, Napi::Object exports);

}  // namespace glocal
