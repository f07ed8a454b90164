// Devices, memory and copies.
#include <cmath>
#include <cstdlib>

#include "cuda.h"

namespace {

constexpr int kInvalidValue = 1;
constexpr int kOutOfMemory = 2;
constexpr int kInvalidContext = 201;
constexpr int kInvalidHandle = 400;

}  // namespace

TEST(devices) {
  int value = 0;
  EXPECT(cuDeviceGetCount(&value), 3);  // before cuInit
  EXPECT(cuDriverGetVersion(&value), 0);
  EXPECT(value, 13000);
  EXPECT(cuInit(0), 0);
  EXPECT(cuDeviceGetCount(&value), 0);
  EXPECT(value, 1);
  EXPECT(cuDeviceGetAttribute(&value, 75, 0), 0);
  EXPECT(value, 9);
  EXPECT(cuDeviceGetAttribute(&value, 75, 1), 101);
  DevicePointer pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 8), kInvalidContext);
}

TEST(settings_of_the_machine) {
  setenv("MOCK_CUDA_DRIVER", "12080", 1);
  setenv("MOCK_CUDA_DEVICES", "2", 1);
  setenv("MOCK_CUDA_CHIP", "8.6", 1);
  int value = 0;
  EXPECT(cuDriverGetVersion(&value), 0);
  EXPECT(value, 12080);
  EXPECT(cuInit(0), 0);
  EXPECT(cuDeviceGetCount(&value), 0);
  EXPECT(value, 2);
  EXPECT(cuDeviceGetAttribute(&value, 76, 1), 0);
  EXPECT(value, 6);
  setenv("MOCK_CUDA_DEVICES", "0", 1);
  EXPECT(cuInit(0), 100);
}

TEST(copies) {
  Session session;
  const Array<int> a({1, 2, 3, 4}), b(4, kNew);
  EXPECT(cuMemcpyDtoDAsync_v2(b.at, a.at + 4, 12, session.stream), 0);
  EXPECT(cuMemsetD8Async(b.at + 12, 0, 4, session.stream), 0);
  const std::vector<int> result = b.Read();
  const int expected[] = {2, 3, 4, 0};
  for (int i = 0; i < 4; ++i) Expect("element", result[i], expected[i]);
  EXPECT(cuMemcpyDtoDAsync_v2(a.at, a.at + 4, 8, session.stream), kInvalidValue);  // overlap
  EXPECT(cuMemcpyDtoDAsync_v2(b.at, a.at + 4, 16, session.stream), kInvalidValue);
  EXPECT(cuMemsetD8Async(b.at, 0, 17, session.stream), kInvalidValue);
  int host = 0;
  EXPECT(cuMemcpyDtoHAsync_v2(&host, a.at + 13, 4, session.stream), kInvalidValue);
  EXPECT(cuMemcpyDtoHAsync_v2(a.pointer(), b.at, 4, session.stream), kInvalidValue);
  EXPECT(cuMemcpyHtoDAsync_v2(a.at, &host, 4, &host), kInvalidHandle);
}

TEST(frees) {
  Session session;
  DevicePointer pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 100), 0);
  EXPECT(pointer % 256, 0);
  EXPECT(cuMemFree_v2(pointer + 4), kInvalidValue);
  EXPECT(cuMemFree_v2(pointer), 0);
  EXPECT(cuMemFree_v2(pointer), kInvalidValue);
  EXPECT(cuMemFree_v2(0), 0);
  EXPECT(cuMemsetD8Async(pointer, 0, 4, nullptr), kInvalidValue);
}

TEST(new_memory_is_nan) {
  Session session;
  const Array<float> memory(3, kNew);
  for (const float value : memory.Read()) EXPECT(std::isnan(value), 1);
}

TEST(memory_is_limited) {
  setenv("MOCK_CUDA_MEMORY", "10000", 1);
  Session session;
  size_t free = 0, total = 0;
  DevicePointer first = 0, second = 0;
  EXPECT(cuMemAlloc_v2(&first, 6000), 0);
  EXPECT(cuMemAlloc_v2(&second, 6000), kOutOfMemory);
  EXPECT(cuMemGetInfo_v2(&free, &total), 0);
  EXPECT(free, 4000);
  EXPECT(total, 10000);
  EXPECT(cuMemFree_v2(first), 0);
  EXPECT(cuMemAlloc_v2(&second, 6000), 0);
}

TEST(released_contexts_can_not_be_used) {
  DevicePointer pointer = 0;
  { Session session; }
  EXPECT(cuMemAlloc_v2(&pointer, 8), kInvalidContext);
  Session session;
  EXPECT(cuMemAlloc_v2(&pointer, 8), 0);
}

TEST(leaks_are_logged) {
  Session session;
  DevicePointer pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 100), 0);
  EXPECT(cuMemAlloc_v2(&pointer, 28), 0);
}
