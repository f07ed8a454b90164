// Philox-4x32-10: random numbers that depend on their counter and key alone
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). The same bits as on the
// CPU.
#include "quad.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kRounds = 10;

__device__ __forceinline__ float uniform(unsigned word, float) {
  return static_cast<float>(word >> 8) * 0x1p-24f;
}
__device__ __forceinline__ double uniform(unsigned word, double) {
  return static_cast<double>(word) * 0x1p-32;
}

// A thread makes the four words of one counter.
template <class T>
__device__ __forceinline__ void randomUniform(long long count, unsigned site, const int* key,
                                              T* out) {
  const long long block = static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x;
  const long long first = block * 4;
  if (first >= count) return;
  unsigned c0 = static_cast<unsigned>(block), c1 = site, c2 = 0, c3 = 0;
  unsigned k0 = static_cast<unsigned>(key[0]), k1 = static_cast<unsigned>(key[1]);
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {
    const unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
    const unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const Quad<T> numbers = {
      {uniform(c0, T()), uniform(c1, T()), uniform(c2, T()), uniform(c3, T())}};
  const long long left = count - first;
  storeQuad(out + first, numbers, left < 4 ? static_cast<int>(left) : 4, isAligned(out));
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256)
    random_uniform_f32(long long count, long long site, const int* key, float* out) {
  randomUniform(count, static_cast<unsigned>(site), key, out);
}
extern "C" __global__ void __launch_bounds__(256)
    random_uniform_f64(long long count, long long site, const int* key, double* out) {
  randomUniform(count, static_cast<unsigned>(site), key, out);
}
