// What the environment says about the machine to be mocked. Read anew at each call, so that one
// process can mock several machines one after the other.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string>

namespace mock {

inline long long SettingOr(const char* name, long long standard) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != 0 ? std::atoll(text) : standard;
}

inline int SettingDevices() { return static_cast<int>(SettingOr("MOCK_CUDA_DEVICES", 1)); }
inline int SettingDriver() { return static_cast<int>(SettingOr("MOCK_CUDA_DRIVER", 13000)); }
inline size_t SettingMemory() {
  return static_cast<size_t>(SettingOr("MOCK_CUDA_MEMORY", 4ll << 30));
}
inline int SettingMultiprocessors() {
  return static_cast<int>(SettingOr("MOCK_CUDA_MULTIPROCESSORS", 132));
}

// Compute capability times ten: "9.0" is 90.
inline int SettingChip() {
  const char* text = std::getenv("MOCK_CUDA_CHIP");
  if (text == nullptr || *text == 0) return 90;
  const char* dot = std::strchr(text, '.');
  return std::atoi(text) * 10 + (dot == nullptr ? 0 : std::atoi(dot + 1));
}

// The newest chip that NVRTC knows, likewise times ten.
inline int SettingNewestTarget() { return static_cast<int>(SettingOr("MOCK_CUDA_NEWEST", 121)); }

// Blocks and threads run from the last to the first, so that races give other bits.
inline bool SettingReverse() {
  const char* text = std::getenv("MOCK_CUDA_ORDER");
  return text != nullptr && std::strcmp(text, "reverse") == 0;
}

// Kernels trap at an index beyond an array, an address that is not aligned or a division by zero.
// Without, they run about three times as fast.
inline bool SettingChecked() { return SettingOr("MOCK_CUDA_CHECKED", 1) != 0; }

}  // namespace mock
