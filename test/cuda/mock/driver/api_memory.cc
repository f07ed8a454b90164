// libcuda: memory and copies.
#include <cstring>

#include "../common/settings.h"
#include "state.h"

using mock::Call;
using mock::CudaResult;
using mock::DevicePointer;
using mock::Driver;
using mock::LogLine;
using mock::Needs;

namespace mock {
namespace {

void* At(DevicePointer pointer) { return reinterpret_cast<void*>(pointer); }

// Submits work that touches ranges of the device: they are checked now, and when a graph repeats
// it.
template <class Check, class Do>
CudaResult SubmitChecked(Driver& driver, const char* name, void* stream, Check check, Do act) {
  if (!check()) return kInvalidValue;
  return driver.Submit(stream, {name, [check, act] {
                                  if (!check()) return kIllegalAddress;
                                  act();
                                  return kSuccess;
                                }});
}

bool OnHost(Driver& driver, const char* name, const void* pointer) {
  const std::string place = driver.memory.Name(reinterpret_cast<DevicePointer>(pointer));
  if (pointer != nullptr && place.find('+') == std::string::npos) return true;
  Problem("%s: expected an address on the host, got %s", name, place.c_str());
  return false;
}

}  // namespace
}  // namespace mock

MOCK_API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return Call("cuMemGetInfo_v2", Needs::kContext, [&](Driver& driver, LogLine& line) {
    *total = mock::SettingMemory();
    *free = *total - std::min(*total, driver.memory.used());
    line.Add("free", *free);
    return mock::kSuccess;
  });
}

MOCK_API int cuMemAlloc_v2(DevicePointer* pointer, size_t bytes) {
  return Call("cuMemAlloc_v2", Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("bytes", bytes);
    if (const CudaResult refused = driver.RefuseWhileCapturing()) return refused;
    const CudaResult result = driver.memory.Allocate(bytes, pointer);
    if (result == mock::kSuccess) line.Add("at", driver.memory.Name(*pointer));
    return result;
  });
}

MOCK_API int cuMemFree_v2(DevicePointer pointer) {
  return Call("cuMemFree_v2", Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("at", driver.memory.Name(pointer));
    if (const CudaResult refused = driver.RefuseWhileCapturing()) return refused;
    const CudaResult result = driver.memory.Free(pointer);
    if (result == mock::kIllegalAddress) driver.fault = result;
    return result;
  });
}

MOCK_API int cuMemsetD8Async(DevicePointer to, unsigned char value, size_t bytes, void* stream) {
  const char* name = "cuMemsetD8Async";
  return Call(name, Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("to", driver.memory.Name(to)).Add("bytes", bytes).Add("value", int{value});
    line.Add("stream", driver.StreamNumber(stream));
    return mock::SubmitChecked(
        driver, name, stream, [=, &driver] { return driver.memory.Check(name, to, bytes); },
        [=] { std::memset(mock::At(to), value, bytes); });
  });
}

MOCK_API int cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void* stream) {
  const char* name = "cuMemcpyHtoDAsync_v2";
  return Call(name, Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("to", driver.memory.Name(to)).Add("bytes", bytes);
    line.Add("stream", driver.StreamNumber(stream));
    if (bytes > 0 && !mock::OnHost(driver, name, from)) return mock::kInvalidValue;
    return mock::SubmitChecked(
        driver, name, stream, [=, &driver] { return driver.memory.Check(name, to, bytes); },
        [=] { std::memcpy(mock::At(to), from, bytes); });
  });
}

MOCK_API int cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void* stream) {
  const char* name = "cuMemcpyDtoHAsync_v2";
  return Call(name, Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("from", driver.memory.Name(from)).Add("bytes", bytes);
    line.Add("stream", driver.StreamNumber(stream));
    if (bytes > 0 && !mock::OnHost(driver, name, to)) return mock::kInvalidValue;
    return mock::SubmitChecked(
        driver, name, stream, [=, &driver] { return driver.memory.Check(name, from, bytes); },
        [=] { std::memcpy(to, mock::At(from), bytes); });
  });
}

MOCK_API int cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes,
                                  void* stream) {
  const char* name = "cuMemcpyDtoDAsync_v2";
  return Call(name, Needs::kContext, [&](Driver& driver, LogLine& line) {
    line.Add("to", driver.memory.Name(to)).Add("from", driver.memory.Name(from));
    line.Add("bytes", bytes).Add("stream", driver.StreamNumber(stream));
    if (bytes > 0 && to < from + bytes && from < to + bytes) {
      mock::Problem("%s: the ranges overlap, so the result is undefined", name);
      return mock::kInvalidValue;
    }
    return mock::SubmitChecked(
        driver, name, stream,
        [=, &driver] {
          return driver.memory.Check(name, to, bytes) && driver.memory.Check(name, from, bytes);
        },
        [=] { std::memcpy(mock::At(to), mock::At(from), bytes); });
  });
}
