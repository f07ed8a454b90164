// Philox-4x32-10: random numbers that depend on their counter and key alone
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
#include <cstdint>

#include "cpu/kernels/entries.h"
#include "cpu/kernels/partition.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

constexpr int64_t kBlocksPerTask = 4096;
constexpr int kRounds = 10;
// Blocks that one pass computes side by side.
constexpr int kBatch = 64;

struct Words {
  alignas(64) uint32_t word[4][kBatch];
};

// Blocks `first` to `first + kBatch` of a site.
void Philox(uint32_t first, uint32_t site, uint32_t key0, uint32_t key1, Words& out) {
  for (int i = 0; i < kBatch; i++) {
    uint32_t c0 = first + static_cast<uint32_t>(i), c1 = site, c2 = 0, c3 = 0;
    uint32_t k0 = key0, k1 = key1;
#pragma GCC unroll 10
    for (int round = 0; round < kRounds; round++) {
      const uint64_t p0 = uint64_t{0xD2511F53} * c0;
      const uint64_t p1 = uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c1 = static_cast<uint32_t>(p1);
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    out.word[0][i] = c0;
    out.word[1][i] = c1;
    out.word[2][i] = c2;
    out.word[3][i] = c3;
  }
}

float Uniform(uint32_t word, float) { return static_cast<float>(word >> 8) * 0x1p-24f; }
double Uniform(uint32_t word, double) { return static_cast<double>(word) * 0x1p-32; }

template <class T>
void Run(const RandomStep& step, const Context& context) {
  const int32_t* key = context.At<int32_t>(step.key);
  T* out = context.At<T>(step.out);
  const auto site = static_cast<uint32_t>(step.site);
  const auto key0 = static_cast<uint32_t>(key[0]);
  const auto key1 = static_cast<uint32_t>(key[1]);
  ForPieces(context, CeilDivide(step.count, 4), kBlocksPerTask,
            [&](int64_t begin, int64_t end, int) {
              Words words;
              for (int64_t block = begin; block < end; block += kBatch) {
                Philox(static_cast<uint32_t>(block), site, key0, key1, words);
                const int64_t first = 4 * block;
                const int64_t count = Smaller(4 * kBatch, Smaller(4 * end, step.count) - first);
                for (int64_t i = 0; i < count; i++) {
                  out[first + i] = Uniform(words.word[i % 4][i / 4], T{});
                }
              }
            });
}

}  // namespace

void Random(const RandomStep& step, const Context& context) {
  step.dtype == DType::kFloat32 ? Run<float>(step, context) : Run<double>(step, context);
}

}  // namespace glocal::cpu::GLOCAL_SIMD
