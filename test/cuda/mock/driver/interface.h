// What the mock's libcuda gives its cuBLAS and cuSOLVER, beside NVIDIA's functions.
#pragma once

#include <functional>
#include <string>

#include "../common/abi.h"

#define MOCK_SHARED __attribute__((visibility("default")))

namespace mock {

// Whether the calling thread has a context that has met no fault.
MOCK_SHARED bool ContextIsUsable();

// Whether a stream lives (null does), and whether it captures.
MOCK_SHARED bool StreamLives(void* stream);
MOCK_SHARED bool StreamCaptures(void* stream);

// For a call that is not allowed while the stream captures.
MOCK_SHARED void InvalidateCapture(void* stream);

// Runs the work at once, or records it if the stream captures.
MOCK_SHARED CudaResult Submit(void* stream, const char* name, std::function<CudaResult()> run);

// Whether a range lies within one live allocation; says so if not.
MOCK_SHARED bool CheckDeviceRange(const char* what, const void* start, size_t bytes);

// How the log names a place on the device.
MOCK_SHARED std::string PlaceName(const void* pointer);

}  // namespace mock
