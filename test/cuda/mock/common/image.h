// What the mock's NVRTC makes and cuModuleLoadData takes: this header, then a shared library.
#pragma once

#include <cstdint>
#include <cstring>

namespace mock {

struct ImageHeader {
  char magic[8];
  int32_t chip;  // compute capability times ten
  uint32_t checksum;
  uint64_t library_bytes;
};

inline constexpr char kImageMagic[8] = {'M', 'o', 'c', 'k', 'C', 'u', 'd', 'a'};

inline uint32_t Checksum(const char* bytes, size_t count) {
  uint32_t sum = 2166136261u;  // FNV-1a
  for (size_t i = 0; i < count; ++i) sum = (sum ^ static_cast<unsigned char>(bytes[i])) * 16777619u;
  return sum;
}

}  // namespace mock
