// The table of kernels of one SIMD level. The files under kernels/ are
// compiled once for each level, each time inside the namespace GLOCAL_SIMD;
// dispatch.cc picks a table at run time.
#pragma once

#include <cstddef>

#include "cpu/thread_pool.h"
#include "program.h"

namespace glocal::cpu {

// What a kernel sees of a call: where operands are, and who helps.
struct Context {
  std::byte* arena;
  std::byte* const* slots;
  ThreadPool* pool;

  template <class T>
  T* At(const Ref& ref) const {
    return reinterpret_cast<T*>((ref.slot ? slots[ref.index] : arena) + ref.offset);
  }
};

struct Kernels {
  const char* name;  // "baseline", "avx2", "avx512", "neon"
  void (*map)(const MapStep&, const Context&);
  void (*reduce)(const ReduceStep&, const Context&);
  void (*argmax)(const ArgmaxStep&, const Context&);
  void (*matmul)(const MatmulStep&, const Context&);
  void (*conv)(const ConvStep&, const Context&);
  void (*pool)(const PoolStep&, const Context&);
  void (*gather)(const GatherStep&, const Context&);
  void (*random)(const RandomStep&, const Context&);
};

// Defined once per level by kernels/table.cc.
namespace baseline {
extern const Kernels kTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
#endif

}  // namespace glocal::cpu
