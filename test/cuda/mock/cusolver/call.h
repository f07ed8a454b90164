// What all calls of libcusolver share.
#pragma once

#include <cstdint>
#include <cstring>

#include "../common/abi.h"
#include "../common/log.h"
#include "../driver/interface.h"

namespace mock {

enum SolverStatus : int {
  kSolverOk = 0,
  kSolverNotReady = 1,
  kSolverInvalidValue = 3,
  kSolverInternalError = 7,
  kSolverNotSupported = 9,
};

// The stream of a live handle. False if the handle is none.
bool SolverStream(void* handle, void** stream);

// A call's frame: with a live handle, logged with its result.
template <class Body>
int SolverCall(const char* name, void* handle, Body body) {
  LogLine line(name);
  void* stream = nullptr;
  int status = kSolverNotReady;
  if (SolverStream(handle, &stream) && ContextIsUsable()) status = body(stream, line);
  line.Add("result", status).Write();
  return status;
}

struct Buffers {
  size_t device = 0;
  size_t host = 0;
};

// What the caller gave as workspace.
struct GivenBuffers {
  void* device;
  size_t device_bytes;
  void* host;
  size_t host_bytes;
};

// Whether the buffers are as large as was asked for; says so if not.
inline bool BuffersSuffice(const char* name, const GivenBuffers& given, const Buffers& wanted) {
  if (given.device_bytes < wanted.device || given.host_bytes < wanted.host) {
    Problem("%s: expected a workspace of %zu and %zu bytes, got %zu and %zu", name, wanted.device,
            wanted.host, given.device_bytes, given.host_bytes);
    return false;
  }
  if (wanted.host > 0 && given.host == nullptr) return false;
  return CheckDeviceRange(name, given.device, given.device_bytes);
}

// The real library works there; whatever else lies there is lost.
inline void Scribble(const GivenBuffers& given) {
  std::memset(given.device, 0xff, given.device_bytes);
  if (given.host != nullptr) std::memset(given.host, 0xff, given.host_bytes);
}

// Whether a column-major matrix on the device lies within one allocation.
inline bool MatrixFits(const char* name, const void* start, int64_t rows, int64_t columns,
                       int64_t leading, size_t element) {
  if (leading < rows || leading < 1) {
    Problem("%s: the leading dimension %lld is less than %lld rows", name,
            static_cast<long long>(leading), static_cast<long long>(rows));
    return false;
  }
  if (rows == 0 || columns == 0) return true;
  return CheckDeviceRange(name, start,
                          static_cast<size_t>((columns - 1) * leading + rows) * element);
}

// Runs a decomposition and leaves its info on the device. The real ones wait for the device on the
// host, which breaks a capture.
template <class Decompose>
int SolverRun(const char* name, void* stream, int* info, Decompose decompose) {
  if (!CheckDeviceRange(name, info, sizeof *info)) return kSolverInvalidValue;
  if (StreamCaptures(stream)) {
    Problem("%s: cuSOLVER can not be captured", name);
    InvalidateCapture(stream);
    return kSolverInternalError;
  }
  const CudaResult result = Submit(stream, name, [&] {
    *info = decompose();
    return kSuccess;
  });
  return result == kSuccess ? kSolverOk : kSolverInternalError;
}

}  // namespace mock
