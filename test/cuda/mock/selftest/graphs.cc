// Streams, capture, graphs and events.
#include <thread>

#include "cuda.h"

namespace {

constexpr int kIllegalState = 401;
constexpr int kInvalidHandle = 400;
constexpr int kIllegalAddress = 700;
constexpr int kUnsupported = 900;
constexpr int kInvalidated = 901;
constexpr int kWrongThread = 908;

constexpr int kGlobal = 0;
constexpr int kThreadLocal = 1;
constexpr int kRelaxed = 2;

const char* kAdd = R"(extern "C" __global__ void add(float* at, long long x) { at[0] += x; })";

// Expects the capture to be broken.
void EndBroken(void* stream) {
  void* graph = nullptr;
  EXPECT(cuStreamEndCapture(stream, &graph), kInvalidated);
  EXPECT(graph == nullptr, 1);
}

}  // namespace

TEST(graphs_repeat_what_was_captured) {
  Session session;
  const Kernel add(kAdd, "add");
  const Array<float> value({1}), copy({0});
  float host = 0;
  EXPECT(cuStreamBeginCapture_v2(session.stream, kThreadLocal), 0);
  EXPECT(add.Launch(1, 1, {Kernel::Of(value), 5}, session.stream), 0);
  EXPECT(cuMemcpyDtoDAsync_v2(copy.at, value.at, 4, session.stream), 0);
  EXPECT(cuMemcpyDtoHAsync_v2(&host, copy.at, 4, session.stream), 0);
  void *graph = nullptr, *exec = nullptr;
  EXPECT(cuStreamEndCapture(session.stream, &graph), 0);
  EXPECT(value.Read()[0], 1);
  EXPECT(cuGraphInstantiateWithFlags(&exec, graph, 0), 0);
  EXPECT(cuGraphDestroy(graph), 0);
  for (int i = 1; i <= 3; ++i) {
    EXPECT(cuGraphLaunch(exec, session.stream), 0);
    EXPECT(cuStreamSynchronize(session.stream), 0);
    EXPECT(host, 1 + 5 * i);
  }
  EXPECT(cuGraphExecDestroy(exec), 0);
  EXPECT(cuGraphLaunch(exec, session.stream), kInvalidHandle);
}

TEST(synchronizing_breaks_a_capture) {
  Session session;
  const Array<float> value({1});
  EXPECT(cuStreamBeginCapture_v2(session.stream, kRelaxed), 0);
  EXPECT(cuStreamBeginCapture_v2(session.stream, kRelaxed), kIllegalState);
  EXPECT(cuStreamSynchronize(session.stream), kUnsupported);
  EXPECT(cuMemsetD8Async(value.at, 0, 4, session.stream), kInvalidated);
  EndBroken(session.stream);
  void* graph = nullptr;
  EXPECT(cuStreamEndCapture(session.stream, &graph), kIllegalState);
  EXPECT(cuMemsetD8Async(value.at, 0, 4, session.stream), 0);
}

TEST(allocating_breaks_a_capture) {
  Session session;
  DevicePointer pointer = 0;
  for (const int mode : {kGlobal, kThreadLocal}) {
    EXPECT(cuStreamBeginCapture_v2(session.stream, mode), 0);
    EXPECT(cuMemAlloc_v2(&pointer, 4), kUnsupported);
    EndBroken(session.stream);
  }
  EXPECT(cuStreamBeginCapture_v2(session.stream, kRelaxed), 0);
  EXPECT(cuMemAlloc_v2(&pointer, 4), 0);
  void* graph = nullptr;
  EXPECT(cuStreamEndCapture(session.stream, &graph), 0);
}

TEST(other_threads_break_a_global_capture) {
  Session session;
  void* context = nullptr;
  EXPECT(cuDevicePrimaryCtxRetain(&context, 0), 0);
  for (const int mode : {kGlobal, kThreadLocal}) {
    EXPECT(cuStreamBeginCapture_v2(session.stream, mode), 0);
    std::thread([&] {
      DevicePointer pointer = 0;
      void* graph = nullptr;
      EXPECT(cuMemAlloc_v2(&pointer, 4), 201);  // no context yet
      EXPECT(cuCtxSetCurrent(context), 0);
      EXPECT(cuMemAlloc_v2(&pointer, 4), mode == kGlobal ? kUnsupported : 0);
      EXPECT(cuStreamEndCapture(session.stream, &graph), kWrongThread);
    }).join();
    void* graph = nullptr;
    EXPECT(cuStreamEndCapture(session.stream, &graph), mode == kGlobal ? kInvalidated : 0);
  }
}

TEST(graphs_that_use_freed_memory_are_reported) {
  Session session;
  DevicePointer pointer = 0;
  EXPECT(cuMemAlloc_v2(&pointer, 4), 0);
  EXPECT(cuStreamBeginCapture_v2(session.stream, kThreadLocal), 0);
  EXPECT(cuMemsetD8Async(pointer, 0, 4, session.stream), 0);
  void *graph = nullptr, *exec = nullptr;
  EXPECT(cuStreamEndCapture(session.stream, &graph), 0);
  EXPECT(cuGraphInstantiateWithFlags(&exec, graph, 0), 0);
  EXPECT(cuMemFree_v2(pointer), 0);
  EXPECT(cuGraphLaunch(exec, session.stream), 0);
  EXPECT(cuStreamSynchronize(session.stream), kIllegalAddress);
}

TEST(events) {
  Session session;
  void *start = nullptr, *end = nullptr;
  float milliseconds = -1;
  EXPECT(cuEventCreate(&start, 0), 0);
  EXPECT(cuEventCreate(&end, 0), 0);
  EXPECT(cuEventElapsedTime(&milliseconds, start, end), kInvalidHandle);
  EXPECT(cuEventRecord(start, session.stream), 0);
  EXPECT(cuEventRecord(end, session.stream), 0);
  EXPECT(cuEventSynchronize(end), 0);
  EXPECT(cuEventElapsedTime(&milliseconds, start, end), 0);
  EXPECT(milliseconds >= 0, 1);
  EXPECT(cuEventDestroy_v2(start), 0);
  EXPECT(cuEventRecord(start, session.stream), kInvalidHandle);
}
