#include "cuda/context.h"

namespace glocal::cuda {

Context::Context(const Libraries& libraries, const Chip& chip, int ordinal)
    : libraries_(libraries), chip_(chip) {
  Call("cuDeviceGet", &Driver::cuDeviceGet, &device_, ordinal);
  Call("cuDevicePrimaryCtxRetain", &Driver::cuDevicePrimaryCtxRetain, &context_, device_);
}

Context::~Context() { driver().cuDevicePrimaryCtxRelease_v2(device_); }

}  // namespace glocal::cuda
