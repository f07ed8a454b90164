// libcuda: start, devices and contexts.
#include <cstdio>
#include <cstring>

#include "../common/settings.h"
#include "state.h"

namespace mock {
namespace {

struct ErrorText {
  int code;
  const char* name;
  const char* text;
};

constexpr ErrorText kErrors[] = {
    {kSuccess, "CUDA_SUCCESS", "no error"},
    {kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {kNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {kNoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {kIllegalState, "CUDA_ERROR_ILLEGAL_STATE",
     "the operation cannot be performed in the present state"},
    {kNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {kIllegalInstruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION",
     "an illegal instruction was encountered"},
    {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {kCaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {kCaptureImplicit, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {kCapturedEvent, "CUDA_ERROR_CAPTURED_EVENT",
     "operation not permitted on an event last recorded in a capturing stream"},
    {kCaptureWrongThread, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
     "attempt to terminate a thread-local capture sequence from another thread"},
};

const ErrorText* Find(int code) {
  for (const ErrorText& error : kErrors) {
    if (error.code == code) return &error;
  }
  return nullptr;
}

// Values of CUdevice_attribute.
enum Attribute {
  kMaxThreadsPerBlock = 1,
  kMaxBlockX = 2,
  kMaxBlockY = 3,
  kMaxBlockZ = 4,
  kMaxGridX = 5,
  kMaxGridY = 6,
  kMaxGridZ = 7,
  kMaxSharedPerBlock = 8,
  kWarpSize = 10,
  kMaxRegistersPerBlock = 12,
  kMultiprocessors = 16,
  kL2CacheBytes = 38,
  kMaxThreadsPerMultiprocessor = 39,
  kChipMajor = 75,
  kChipMinor = 76,
  kMaxSharedPerMultiprocessor = 81,
  kMaxSharedPerBlockOptIn = 97,
};

bool IsDevice(int device) { return device >= 0 && device < SettingDevices(); }

// What was not freed before the process ended.
__attribute__((destructor)) void LogEnd() {
  const Driver& driver = Driver::Get();
  LogLine("exit")
      .Add("liveAllocations", driver.memory.count())
      .Add("liveBytes", driver.memory.used())
      .Write();
}

}  // namespace
}  // namespace mock

using mock::Call;
using mock::Context;
using mock::CudaResult;
using mock::Driver;
using mock::LogLine;
using mock::Needs;

MOCK_API int cuInit(unsigned flags) {
  return Call("cuInit", Needs::kNothing, [&](Driver& driver, LogLine&) {
    if (flags != 0) return mock::kInvalidValue;
    if (mock::SettingDevices() == 0) return mock::kNoDevice;
    driver.initialised = true;
    return mock::kSuccess;
  });
}

MOCK_API int cuDriverGetVersion(int* version) {
  return Call("cuDriverGetVersion", Needs::kNothing, [&](Driver&, LogLine& line) {
    *version = mock::SettingDriver();
    line.Add("version", *version);
    return mock::kSuccess;
  });
}

MOCK_API int cuGetErrorName(int error, const char** text) {
  const auto* found = mock::Find(error);
  *text = found == nullptr ? nullptr : found->name;
  return found == nullptr ? mock::kInvalidValue : mock::kSuccess;
}

MOCK_API int cuGetErrorString(int error, const char** text) {
  const auto* found = mock::Find(error);
  *text = found == nullptr ? nullptr : found->text;
  return found == nullptr ? mock::kInvalidValue : mock::kSuccess;
}

MOCK_API int cuDeviceGetCount(int* count) {
  return Call("cuDeviceGetCount", Needs::kInitialised, [&](Driver&, LogLine& line) {
    *count = mock::SettingDevices();
    line.Add("count", *count);
    return mock::kSuccess;
  });
}

MOCK_API int cuDeviceGet(int* device, int ordinal) {
  return Call("cuDeviceGet", Needs::kInitialised, [&](Driver&, LogLine& line) {
    line.Add("ordinal", ordinal);
    if (!mock::IsDevice(ordinal)) return mock::kInvalidDevice;
    *device = ordinal;
    return mock::kSuccess;
  });
}

MOCK_API int cuDeviceGetName(char* name, int length, int device) {
  return Call("cuDeviceGetName", Needs::kInitialised, [&](Driver&, LogLine&) {
    if (!mock::IsDevice(device)) return mock::kInvalidDevice;
    std::snprintf(name, static_cast<size_t>(length), "Mock GPU %d", device);
    return mock::kSuccess;
  });
}

MOCK_API int cuDeviceGetAttribute(int* value, int attribute, int device) {
  return Call("cuDeviceGetAttribute", Needs::kInitialised, [&](Driver&, LogLine& line) {
    line.Add("attribute", attribute);
    if (!mock::IsDevice(device)) return mock::kInvalidDevice;
    switch (attribute) {
      case mock::kMaxThreadsPerBlock:
      case mock::kMaxBlockX:
      case mock::kMaxBlockY:
        *value = 1024;
        break;
      case mock::kMaxBlockZ:
        *value = 64;
        break;
      case mock::kMaxGridX:
        *value = 0x7fffffff;
        break;
      case mock::kMaxGridY:
      case mock::kMaxGridZ:
        *value = 65535;
        break;
      case mock::kMaxSharedPerBlock:
        *value = 48 << 10;
        break;
      case mock::kWarpSize:
        *value = 32;
        break;
      case mock::kMaxRegistersPerBlock:
        *value = 65536;
        break;
      case mock::kMultiprocessors:
        *value = mock::SettingMultiprocessors();
        break;
      case mock::kL2CacheBytes:
        *value = 50 << 20;
        break;
      case mock::kMaxThreadsPerMultiprocessor:
        *value = 2048;
        break;
      case mock::kChipMajor:
        *value = mock::SettingChip() / 10;
        break;
      case mock::kChipMinor:
        *value = mock::SettingChip() % 10;
        break;
      case mock::kMaxSharedPerMultiprocessor:
        *value = 228 << 10;
        break;
      case mock::kMaxSharedPerBlockOptIn:
        *value = 227 << 10;
        break;
      default:
        mock::Problem("the mock does not know device attribute %d", attribute);
        return mock::kInvalidValue;
    }
    return mock::kSuccess;
  });
}

MOCK_API int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return Call("cuDeviceTotalMem_v2", Needs::kInitialised, [&](Driver&, LogLine&) {
    if (!mock::IsDevice(device)) return mock::kInvalidDevice;
    *bytes = mock::SettingMemory();
    return mock::kSuccess;
  });
}

MOCK_API int cuDevicePrimaryCtxRetain(Context** context, int device) {
  return Call("cuDevicePrimaryCtxRetain", Needs::kInitialised, [&](Driver& driver, LogLine& line) {
    line.Add("device", device);
    if (!mock::IsDevice(device) || device >= mock::kMostDevices) return mock::kInvalidDevice;
    *context = &driver.contexts[device];
    (*context)->device = device;
    ++(*context)->users;
    return mock::kSuccess;
  });
}

MOCK_API int cuDevicePrimaryCtxRelease_v2(int device) {
  return Call("cuDevicePrimaryCtxRelease_v2", Needs::kInitialised,
              [&](Driver& driver, LogLine& line) {
                line.Add("device", device);
                if (device < 0 || device >= mock::kMostDevices) return mock::kInvalidDevice;
                if (driver.contexts[device].users == 0) return mock::kInvalidContext;
                --driver.contexts[device].users;
                for (const Context& context : driver.contexts) {
                  if (context.users > 0) return mock::kSuccess;
                }
                line.Add("liveAllocations", driver.memory.count());
                line.Add("liveBytes", driver.memory.used());
                driver.EndContext();
                return mock::kSuccess;
              });
}

MOCK_API int cuCtxSetCurrent(Context* context) {
  return Call("cuCtxSetCurrent", Needs::kInitialised, [&](Driver& driver, LogLine&) {
    for (Context& known : driver.contexts) {
      if (context != nullptr && (context != &known || known.users == 0)) continue;
      mock::CurrentContext() = context;
      return mock::kSuccess;
    }
    return mock::kInvalidContext;
  });
}
