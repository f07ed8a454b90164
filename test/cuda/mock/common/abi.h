// The few types and numbers of NVIDIA's interfaces that the mock needs, so that it builds without
// NVIDIA's headers.
#pragma once

#include <cstddef>
#include <cstdint>

#define MOCK_API extern "C" __attribute__((visibility("default")))

namespace mock {

enum CudaResult : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinaryForGpu = 209,
  kInvalidHandle = 400,
  kIllegalState = 401,
  kNotFound = 500,
  kIllegalAddress = 700,
  kIllegalInstruction = 715,
  kLaunchFailed = 719,
  kCaptureUnsupported = 900,
  kCaptureInvalidated = 901,
  kCaptureImplicit = 906,
  kCapturedEvent = 907,
  kCaptureWrongThread = 908,
};

enum CaptureMode : int { kCaptureGlobal = 0, kCaptureThreadLocal = 1, kCaptureRelaxed = 2 };

enum DataType : int {
  kReal32 = 0,
  kReal64 = 1,
  kComplex32 = 4,
  kComplex64 = 5,
};

using DevicePointer = unsigned long long;

}  // namespace mock
