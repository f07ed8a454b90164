// Rows added by index: out[index[i], :] += table[i, :]. `scatter_clear` makes all zero, then the
// first item that names a row adds up all that name it, in their order: no two threads write one
// place, and the order never changes. A warp has one item and 32 columns; it looks at 32 indices at
// a time.
#include "rows.cuh"

namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

template <class T>
__device__ __forceinline__ void clear(const RowsTask<T>& task) {
  const unsigned size = static_cast<unsigned>(task.rows * task.rowSize);
  const unsigned blocks = (size + kThreads - 1) / kThreads;
  const long long lane = blockIdx.x / blocks;
  const unsigned element = blockIdx.x % blocks * kThreads + threadIdx.x;
  if (element < size) task.out[lane * task.outLane + element] = T(0);
}

// One bit for each lane of the warp.
__device__ __forceinline__ unsigned vote(bool yes) {
  unsigned bits = yes ? 1u << (threadIdx.x % 32) : 0u;
#pragma unroll
  for (int step = 16; step > 0; step /= 2) bits |= __shfl_xor_sync(0xffffffffu, bits, step);
  return bits;
}

// Which of the items [first, first + 32) that come before `end` name the row.
__device__ __forceinline__ unsigned namesOf(const int* index, long long first, long long end,
                                            int row) {
  const long long item = first + threadIdx.x % 32;
  return vote(item < end && index[item] == row);
}

template <class T>
__device__ __forceinline__ void scatterAdd(const RowsTask<T>& task) {
  const long long across = (task.rowSize + 31) / 32;
  const long long warp = static_cast<long long>(blockIdx.x) * kWarps + threadIdx.x / 32;
  const long long item = warp / across % task.count;
  const long long lane = warp / across / task.count;
  const long long column = warp % across * 32 + threadIdx.x % 32;
  // Blocks hold whole warps, so the last one may have warps without work.
  if (lane >= task.lanes) return;
  const int row = task.index[item];
  if (row < 0 || row >= task.rows) return;
  for (long long first = 0; first < item; first += 32) {
    if (namesOf(task.index, first, item, row) != 0) return;
  }
  const T* from = task.table + lane * task.tableLane + column;
  const bool exists = column < task.rowSize;
  T sum = T(0);
  for (long long first = item; first < task.count; first += 32) {
    const unsigned names = namesOf(task.index, first, task.count, row);
    // Eight loads on their way at once, though the sums wait for each other.
    for (int group = 0; group < 32; group += 8) {
      const unsigned bits = names >> group & 255u;
      if (bits == 0) continue;
      T values[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        const bool wanted = exists && (bits >> i & 1u) != 0;
        values[i] = wanted ? from[(first + group + i) * task.rowSize] : T(0);
      }
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        if ((bits >> i & 1u) != 0) sum += values[i];
      }
    }
  }
  if (exists) task.out[lane * task.outLane + row * task.rowSize + column] = sum;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(256) scatter_clear_1(RowsTask<unsigned char> task) {
  clear(task);
}
extern "C" __global__ void __launch_bounds__(256) scatter_clear_4(RowsTask<unsigned> task) {
  clear(task);
}
extern "C" __global__ void __launch_bounds__(256)
    scatter_clear_8(RowsTask<unsigned long long> task) {
  clear(task);
}
extern "C" __global__ void __launch_bounds__(256) scatter_add_f32(RowsTask<float> task) {
  scatterAdd(task);
}
extern "C" __global__ void __launch_bounds__(256) scatter_add_f64(RowsTask<double> task) {
  scatterAdd(task);
}
extern "C" __global__ void __launch_bounds__(256) scatter_add_i32(RowsTask<int> task) {
  scatterAdd(task);
}
extern "C" __global__ void __launch_bounds__(256) scatter_add_bool(RowsTask<unsigned char> task) {
  scatterAdd(task);
}
