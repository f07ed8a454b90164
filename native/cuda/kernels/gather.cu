// Rows of a table by index: out[i, :] = table[index[i], :]. Rows are copied, so the kernels are
// named by the bytes of an element.
#include "rows.cuh"

namespace {

constexpr int kThreads = 256;

template <class T>
__device__ __forceinline__ void gather(const RowsTask<T>& task) {
  const long long size = task.count * task.rowSize;
  const unsigned blocks = static_cast<unsigned>((size + kThreads - 1) / kThreads);
  const long long lane = blockIdx.x / blocks;
  const long long element = static_cast<long long>(blockIdx.x % blocks) * kThreads + threadIdx.x;
  if (element >= size) return;
  const long long item = element / task.rowSize;
  const long long row = task.index[item];
  const long long column = element - item * task.rowSize;
  const bool inside = row >= 0 && row < task.rows;
  task.out[lane * task.outLane + element] =
      inside ? task.table[lane * task.tableLane + row * task.rowSize + column] : T(0);
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
