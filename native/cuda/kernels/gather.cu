// Rows of a table by index: out[i, :] = table[index[i], :]. Rows are copied, so the kernels are
// named by the bytes of an element.
#include "rows.cuh"

namespace {

constexpr int kThreads = 256;

// Elements of a lane fit 32 bits: lib/lower/cuda/structured.ts refuses larger ones.
template <class T>
__device__ __forceinline__ void gather(const RowsTask<T>& task) {
  const unsigned rowSize = static_cast<unsigned>(task.rowSize);
  const unsigned size = static_cast<unsigned>(task.count) * rowSize;
  const unsigned blocks = (size + kThreads - 1) / kThreads;
  const long long lane = blockIdx.x / blocks;
  const unsigned element = blockIdx.x % blocks * kThreads + threadIdx.x;
  if (element >= size) return;
  const unsigned item = element / rowSize;
  const long long row = task.index[item];
  const bool inside = row >= 0 && row < task.rows;
  const long long from = lane * task.tableLane + row * rowSize + (element - item * rowSize);
  task.out[lane * task.outLane + element] = inside ? task.table[from] : T(0);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) gather_1(RowsTask<unsigned char> task) {
  gather(task);
}
extern "C" __global__ void __launch_bounds__(256) gather_4(RowsTask<unsigned> task) {
  gather(task);
}
extern "C" __global__ void __launch_bounds__(256) gather_8(RowsTask<unsigned long long> task) {
  gather(task);
}
