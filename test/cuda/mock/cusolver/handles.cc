// libcusolver: handles and parameters.
#include <memory>
#include <mutex>

#include "../driver/registry.h"
#include "call.h"

namespace mock {
namespace {

constexpr int kVersion = 12004;

struct Handle {
  int number = 0;
  void* stream = nullptr;
};
struct Params {
  int number = 0;
};

std::mutex mutex;
Registry<Handle>& Handles() {
  static auto& handles = *new Registry<Handle>;
  return handles;
}
Registry<Params>& AllParams() {
  static auto& params = *new Registry<Params>;
  return params;
}

}  // namespace

bool SolverStream(void* handle, void** stream) {
  std::lock_guard lock(mutex);
  const Handle* live = Handles().Find(handle);
  if (live == nullptr) return false;
  *stream = live->stream;
  return true;
}

}  // namespace mock

using mock::LogLine;

MOCK_API int cusolverGetVersion(int* version) {
  *version = mock::kVersion;
  return mock::kSolverOk;
}

MOCK_API int cusolverDnCreate(void** handle) {
  LogLine line("cusolverDnCreate");
  int status = mock::kSolverNotReady;
  if (mock::ContextIsUsable()) {
    std::lock_guard lock(mock::mutex);
    *handle = mock::Handles().Make();
    status = mock::kSolverOk;
  }
  line.Add("result", status).Write();
  return status;
}

MOCK_API int cusolverDnDestroy(void* handle) {
  LogLine line("cusolverDnDestroy");
  std::lock_guard lock(mock::mutex);
  const int status = mock::Handles().Remove(handle) ? mock::kSolverOk : mock::kSolverNotReady;
  line.Add("result", status).Write();
  return status;
}

MOCK_API int cusolverDnSetStream(void* handle, void* stream) {
  std::lock_guard lock(mock::mutex);
  auto* live = mock::Handles().Find(handle);
  if (live == nullptr) return mock::kSolverNotReady;
  if (!mock::StreamLives(stream)) return mock::kSolverInvalidValue;
  live->stream = stream;
  return mock::kSolverOk;
}

MOCK_API int cusolverDnCreateParams(void** params) {
  std::lock_guard lock(mock::mutex);
  *params = mock::AllParams().Make();
  return mock::kSolverOk;
}

MOCK_API int cusolverDnDestroyParams(void* params) {
  std::lock_guard lock(mock::mutex);
  return mock::AllParams().Remove(params) ? mock::kSolverOk : mock::kSolverInvalidValue;
}
