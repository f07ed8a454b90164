#include "state.h"

#include "interface.h"

namespace mock {

// Never destroyed: calls may come until the process has ended.
Driver& Driver::Get() {
  static Driver& driver = *new Driver;
  return driver;
}

Context*& CurrentContext() {
  static thread_local Context* current = nullptr;
  return current;
}

int Driver::StreamNumber(void* handle) const {
  if (handle == nullptr) return 0;
  const Stream* stream = streams.Find(handle);
  return stream == nullptr ? -1 : stream->number;
}

void Driver::Run(const Work& work) {
  if (fault != kSuccess) return;
  const CudaResult result = work.run();
  if (result == kSuccess) return;
  Problem("%s has failed with error %d: the context is lost", work.name.c_str(), result);
  fault = result;
}

CudaResult Driver::Submit(void* handle, Work work) {
  if (handle == nullptr) {
    // The null stream would wait for the blocking ones.
    for (const auto& [other, stream] : streams.items()) {
      if (!stream->blocking || !stream->capture) continue;
      stream->capture->valid = false;
      return kCaptureImplicit;
    }
    Run(work);
    return kSuccess;
  }
  Stream* stream = streams.Find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (!stream->capture) {
    Run(work);
    return kSuccess;
  }
  if (!stream->capture->valid) return kCaptureInvalidated;
  stream->capture->work.push_back(std::move(work));
  return kSuccess;
}

CudaResult Driver::RefuseWhileCapturing() {
  CudaResult result = kSuccess;
  for (const auto& [handle, stream] : streams.items()) {
    if (!stream->capture || stream->capture->mode == kCaptureRelaxed) continue;
    const bool own = stream->capture->thread == ThreadNumber();
    if (stream->capture->mode == kCaptureThreadLocal && !own) continue;
    stream->capture->valid = false;
    result = kCaptureUnsupported;
  }
  return result;
}

void Driver::EndContext() {
  graph_execs.Clear();
  graphs.Clear();
  events.Clear();
  streams.Clear();
  modules.Clear();
  memory.Clear();
  fault = kSuccess;
}

// --- For the mock's cuBLAS and cuSOLVER ----------------------------------------------------------

bool ContextIsUsable() {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  return HasContext() && driver.fault == kSuccess;
}

bool StreamLives(void* stream) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  return stream == nullptr || driver.streams.Find(stream) != nullptr;
}

bool StreamCaptures(void* handle) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  const Stream* stream = driver.streams.Find(handle);
  return stream != nullptr && stream->capture.has_value();
}

void InvalidateCapture(void* handle) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  Stream* stream = driver.streams.Find(handle);
  if (stream != nullptr && stream->capture) stream->capture->valid = false;
}

CudaResult Submit(void* stream, const char* name, std::function<CudaResult()> run) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  return driver.Submit(stream, {name, std::move(run)});
}

bool CheckDeviceRange(const char* what, const void* start, size_t bytes) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  return driver.memory.Check(what, reinterpret_cast<DevicePointer>(start), bytes);
}

std::string PlaceName(const void* pointer) {
  Driver& driver = Driver::Get();
  std::lock_guard lock(driver.mutex);
  return driver.memory.Name(reinterpret_cast<DevicePointer>(pointer));
}

}  // namespace mock
