// Kernels with barriers, shuffles, shared memory, matrix products and mistakes.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cuda.h"

namespace {

constexpr int kIllegalAddress = 700;
constexpr int kIllegalInstruction = 715;
constexpr int kLaunchFailed = 719;

std::vector<float> Numbers(int count) {
  std::vector<float> numbers(count);
  for (int i = 0; i < count; ++i) numbers[i] = std::sin(static_cast<float>(i));
  return numbers;
}

}  // namespace

TEST(map) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void map(const float* __restrict__ in, float* out, long long n) {
           const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
           if (i < n) out[i] = __fmul_rn(__ldg(in + i), 2.0f) + expf(in[i]);
         })",
      "map");
  const std::vector<float> values = Numbers(1000);
  const Array<float> in(values), out(values.size(), kNew);
  EXPECT(kernel.Launch(4, 256, {Kernel::Of(in), Kernel::Of(out), 1000}), 0);
  const std::vector<float> result = out.Read();
  for (int i = 0; i < 1000; ++i) {
    Expect("element", result[i], values[i] * 2 + std::exp(values[i]), 1e-6);
  }
}

TEST(structs_of_parameters) {
  Session session;
  const Kernel kernel(
      R"(template <class T> struct Place { T* at; long long offset; };
         #define KERNEL(name) extern "C" __global__ void __launch_bounds__(64, 2) name
         KERNEL(add)(long long n, Place<const float> a, Place<float> b) {
           if (threadIdx.x < n) b.at[b.offset + threadIdx.x] += a.at[a.offset + threadIdx.x];
         })",
      "add");
  const Array<float> a({0, 1, 2, 3}), b({10, 20, 30, 40});
  EXPECT(kernel.Launch(1, 64, {2, Kernel::Of(a), 2, Kernel::Of(b), 1}), 0);
  const std::vector<float> result = b.Read();
  const float expected[] = {10, 22, 33, 40};
  for (int i = 0; i < 4; ++i) Expect("element", result[i], expected[i]);
  EXPECT(kernel.Launch(1, 65, {2, Kernel::Of(a), 2, Kernel::Of(b), 1}), 1);
  EXPECT(kernel.Launch(1, 64, {2, Kernel::Of(a)}), 1);
}

TEST(barriers) {
  Session session;
  const Kernel kernel(
      R"(template <int N> __device__ __forceinline__ float total(float x) {
           __shared__ float parts[N];
           parts[threadIdx.x] = x;
           #pragma unroll
           for (int half = N / 2; half > 0; half /= 2) {
             __syncthreads();
             if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
           }
           __syncthreads();
           return parts[0];
         }
         extern "C" __global__ void sum(const float* in, float* out) {
           __shared__ float seen;
           const float all = total<256>(in[blockIdx.x * 256ll + threadIdx.x]);
           if (threadIdx.x == 7) seen = all;
           __syncthreads();
           if (threadIdx.x == 0) out[blockIdx.x] = seen;
         })",
      "sum");
  const std::vector<float> values = Numbers(256 * 5);
  const Array<float> in(values), out(5, kNew);
  EXPECT(kernel.Launch(5, 256, {Kernel::Of(in), Kernel::Of(out)}), 0);
  const std::vector<float> result = out.Read();
  for (int block = 0; block < 5; ++block) {
    double sum = 0;
    for (int i = 0; i < 256; ++i) sum += values[block * 256 + i];
    Expect("sum", result[block], sum, 1e-4);
  }
}

TEST(threads_may_end_before_a_barrier) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void early(float* out) {
           __shared__ float value[1];
           if (threadIdx.x >= 40) return;
           if (threadIdx.x == 39) value[0] = 3;
           __syncthreads();
           out[threadIdx.x] = value[0];
         })",
      "early");
  const Array<float> out(64, kNew);
  EXPECT(kernel.Launch(1, 64, {Kernel::Of(out)}), 0);
  const std::vector<float> result = out.Read();
  for (int i = 0; i < 40; ++i) EXPECT(result[i], 3);
}

TEST(shuffles) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void shuffle(float* out) {
           const unsigned all = 0xffffffffu;
           const int lane = threadIdx.x % 32;
           float sum = threadIdx.x;
           for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(all, sum, step);
           double down = __shfl_down_sync(all, (double)lane, 3, 8);
           int broadcast = __shfl_sync(all, (int)threadIdx.x, 5);
           __syncwarp();
           out[threadIdx.x * 3ll] = sum;
           out[threadIdx.x * 3ll + 1] = down;
           out[threadIdx.x * 3ll + 2] = broadcast;
         })",
      "shuffle");
  const Array<float> out(64 * 3, kNew);
  EXPECT(kernel.Launch(1, 64, {Kernel::Of(out)}), 0);
  const std::vector<float> result = out.Read();
  for (int i = 0; i < 64; ++i) {
    const int lane = i % 32, warp = i / 32;
    Expect("sum", result[i * 3], 32 * 31 / 2 + warp * 32 * 32);
    Expect("down", result[i * 3 + 1], lane % 8 < 5 ? lane + 3 : lane);
    Expect("broadcast", result[i * 3 + 2], warp * 32 + 5);
  }
}

TEST(halves_of_a_warp_exchange_apart) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void halves(float* out) {
           const int lane = threadIdx.x;
           float x = lane;
           if (lane < 16) {
             for (int i = 0; i < 3; ++i) x += __shfl_xor_sync(0x0000ffffu, x, 1);
           } else {
             x = __shfl_sync(0xffff0000u, x, 31);
           }
           out[lane] = x;
         })",
      "halves");
  const Array<float> out(32, kNew);
  EXPECT(kernel.Launch(1, 32, {Kernel::Of(out)}), 0);
  const std::vector<float> result = out.Read();
  Expect("first", result[0], 4 * (0 + 1));
  Expect("second", result[31], 31);
}

TEST(shared_memory_starts_as_nan) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void fresh(float* out) {
           __shared__ float tile[64];
           out[blockIdx.x] = tile[3];
           tile[3] = 1;
         })",
      "fresh");
  const Array<float> out(2, kNew);
  EXPECT(kernel.Launch(2, 1, {Kernel::Of(out)}), 0);
  for (const float value : out.Read()) EXPECT(std::isnan(value), 1);
}

// With MOCK_CUDA_ORDER=reverse the last writer is another.
TEST(order_shows_races) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void race(float* out) { out[0] = blockIdx.x * 100 + threadIdx.x; })",
      "race");
  const Array<float> out(1, kNew);
  EXPECT(kernel.Launch(3, 10, {Kernel::Of(out)}), 0);
  const char* order = std::getenv("MOCK_CUDA_ORDER");
  EXPECT(out.Read()[0], order != nullptr && std::strcmp(order, "reverse") == 0 ? 0 : 209);
}

TEST(tensor_cores) {
  Session session;
  const Kernel kernel(
      R"(#include "mma.cuh"
         extern "C" __global__ void multiply(const float* a, const float* b, float* d) {
           const int row = threadIdx.x / 4, column = threadIdx.x % 4;
           float left[4], right[2], sums[4] = {1, 1, 1, 1};
           for (int i = 0; i < 4; ++i) {
             left[i] = roundToTf32(a[(row + i % 2 * 8) * 8 + column + i / 2 * 4]);
           }
           for (int i = 0; i < 2; ++i) right[i] = roundToTf32(b[(column + i * 4) * 8 + row]);
           multiplyTf32(sums, left, right);
           for (int i = 0; i < 4; ++i) d[(row + i / 2 * 8) * 8 + column * 2 + i % 2] = sums[i];
         })",
      "multiply", {{"mma.cuh", "#error the mock has its own"}});
  const std::vector<float> left = Numbers(16 * 8), right = Numbers(8 * 8);
  const Array<float> a(left), b(right), d(16 * 8, kNew);
  EXPECT(kernel.Launch(1, 32, {Kernel::Of(a), Kernel::Of(b), Kernel::Of(d)}), 0);
  const std::vector<float> result = d.Read();
  double difference = 0;
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 8; ++j) {
      double sum = 1;
      for (int k = 0; k < 8; ++k) sum += static_cast<double>(left[i * 8 + k]) * right[k * 8 + j];
      Expect("product", result[i * 8 + j], sum, 4e-3);
      difference = std::max(difference, std::abs(result[i * 8 + j] - sum));
    }
  }
  Expect("rounded to TF32", difference > 1e-5, 1);
}

// --- Mistakes ------------------------------------------------------------------------------------

TEST(syntax_errors_have_a_log) {
  const Compiled compiled = Compile("extern \"C\" __global__ void broken() { int x = ; }");
  EXPECT(compiled.result, 6);
  EXPECT(compiled.log.find("selftest.cu:1") != std::string::npos, 1);
  EXPECT(compiled.cubin.empty(), 1);
}

TEST(nothing_of_the_host_is_included) {
  EXPECT(Compile("#include <cstdint>\n").result, 6);
  EXPECT(Compile("extern \"C\" __global__ void k(int x) {}").result, 6);  // not 8 bytes
}

TEST(virtual_architectures_give_no_machine_code) {
  const char* text = "extern \"C\" __global__ void k() {}";
  EXPECT(Compile(text, {}, "-arch=compute_90").cubin.empty(), 1);
  EXPECT(Compile(text, {}, "--unknown").result, 5);
}

TEST(reads_beyond_memory_are_reported) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void far(float* at, long long i) { at[0] = at[i]; })", "far");
  const Array<float> data(1024, kNew);
  EXPECT(kernel.Launch(1, 1, {Kernel::Of(data), 1024}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalAddress);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalAddress);
}

TEST(writes_beside_memory_are_reported) {
  Session session;
  const Kernel kernel(R"(extern "C" __global__ void beside(float* at, long long i) { at[i] = 1; })",
                      "beside");
  const Array<float> data(10, kNew);
  EXPECT(kernel.Launch(1, 1, {Kernel::Of(data), 9}), 0);
  EXPECT(cuStreamSynchronize(nullptr), 0);
  EXPECT(kernel.Launch(1, 1, {Kernel::Of(data), 10}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalAddress);
}

TEST(freed_memory_can_not_be_read) {
  Session session;
  const Kernel kernel(R"(extern "C" __global__ void use(float* at) { at[0] += 1; })", "use");
  DevicePointer freed;
  {
    const Array<float> data(4, kNew);
    freed = data.at;
  }
  EXPECT(kernel.Launch(1, 1, {static_cast<long long>(freed)}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalAddress);
}

TEST(indices_beyond_shared_memory_are_reported) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void tile(float* out, long long i) {
           __shared__ float tile[4][8];
           tile[0][i] = 1;
           out[0] = tile[0][i];
         })",
      "tile");
  const Array<float> out(1, kNew);
  EXPECT(kernel.Launch(1, 1, {Kernel::Of(out), 8}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalInstruction);
}

TEST(misaligned_vectors_are_reported) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void load(float* at) { at[0] = ((float4*)(at + 1))->x; })", "load");
  const Array<float> data(16, kNew);
  EXPECT(kernel.Launch(1, 1, {Kernel::Of(data)}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kIllegalInstruction);
}

TEST(mismatched_barriers_are_reported) {
  Session session;
  const Kernel kernel(
      "extern \"C\" __global__ void two() {\n"
      "  if (threadIdx.x < 8) { __syncthreads(); }\n"
      "  else { __syncthreads(); }\n"
      "}",
      "two");
  EXPECT(kernel.Launch(1, 16, {}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kLaunchFailed);
}

TEST(lanes_that_never_come_are_reported) {
  Session session;
  const Kernel kernel(
      R"(extern "C" __global__ void half() {
           if (threadIdx.x < 16) __syncwarp();
           else __syncthreads();
         })",
      "half");
  EXPECT(kernel.Launch(1, 32, {}), 0);
  EXPECT(cuStreamSynchronize(nullptr), kLaunchFailed);
}

TEST(too_much_shared_memory_is_refused) {
  Session session;
  const Compiled compiled = Compile(
      R"(extern "C" __global__ void big(float* out) {
           __shared__ float tile[13000];
           tile[threadIdx.x] = 1;
           __syncthreads();
           out[0] = tile[1];
         })");
  EXPECT(compiled.result, 0);
  void* module = nullptr;
  EXPECT(cuModuleLoadData(&module, compiled.cubin.data()), 200);
}

TEST(only_images_for_the_chip_are_loaded) {
  Session session;
  void* module = nullptr;
  EXPECT(cuModuleLoadData(&module,
                          "\x7f"
                          "ELF and more"),
         209);
  const Compiled older = Compile("extern \"C\" __global__ void k() {}", {}, "-arch=sm_80");
  EXPECT(cuModuleLoadData(&module, older.cubin.data()), 209);
  Compiled damaged = Compile("extern \"C\" __global__ void k() {}");
  damaged.cubin.back() ^= 1;
  EXPECT(cuModuleLoadData(&module, damaged.cubin.data()), 200);
}

// --- Speed ---------------------------------------------------------------------------------------

TEST(speed) {
  Session session;
  const char* text =
      R"(extern "C" __global__ void map(const float* in, float* out, long long n) {
           const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
           if (i < n) out[i] = in[i] * in[i] + 1.0f;
         }
         extern "C" __global__ void barrier(const float* in, float* out, long long n) {
           __shared__ float tile[256];
           tile[threadIdx.x] = in[threadIdx.x];
           for (int i = 0; i < 8; ++i) __syncthreads();
           out[threadIdx.x] = tile[threadIdx.x];
         }
         extern "C" __global__ void shuffle(const float* in, float* out, long long n) {
           float x = in[threadIdx.x];
           for (int i = 0; i < 8; ++i) x += __shfl_xor_sync(0xffffffffu, x, 1 << i % 5);
           out[threadIdx.x] = x;
         })";
  const Array<float> in(std::vector<float>(1 << 20, 1.5f)), out(1 << 20, kNew);
  for (const char* name : {"map", "barrier", "shuffle"}) {
    const Kernel kernel(text, name);
    const auto start = std::chrono::steady_clock::now();
    EXPECT(kernel.Launch(4096, 256, {Kernel::Of(in), Kernel::Of(out), 1 << 20}), 0);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%s: %.1f million threads per second\n", name, 4096 * 256 / took.count() * 1e-6);
  }
}
