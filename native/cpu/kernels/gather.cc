// Rows taken by index, and rows added by index. Every task owns what it
// writes, so no two ever add to the same place.
#include <cstring>

#include "cpu/kernels/entries.h"
#include "cpu/kernels/partition.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

constexpr int64_t kElementsPerTask = 32768;
constexpr int64_t kColumnBlock = 1024;

template <class T>
void GatherRows(const GatherStep& step, const Context& context) {
  const int32_t* index = context.At<int32_t>(step.index);
  const T* table = context.At<T>(step.table.ref);
  T* out = context.At<T>(step.out.ref);
  const int64_t size = step.row_size;
  const size_t row_bytes = static_cast<size_t>(size) * sizeof(T);
  const int64_t grain = Larger(1, kElementsPerTask / Larger(1, size));
  ForPieces(context, step.lanes * step.count, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t lane = i / step.count;
      const int64_t item = i % step.count;
      const int64_t row = index[item];
      T* to = out + lane * step.out.lane_stride + item * size;
      if (row >= 0 && row < step.rows) {
        std::memcpy(to, table + lane * step.table.lane_stride + row * size, row_bytes);
      } else {
        std::memset(to, 0, row_bytes);
      }
    }
  });
}

// A part of the output that one task owns: some rows and some columns of a lane.
struct Patch {
  int64_t row_begin, row_end, column_begin, column_end;
};

template <class T>
void AddRows(const GatherStep& step, const int32_t* index, const T* table, T* out, Patch patch) {
  const int64_t size = step.row_size;
  const int64_t columns = patch.column_end - patch.column_begin;
  out += patch.column_begin;
  table += patch.column_begin;
  for (int64_t row = patch.row_begin; row < patch.row_end; row++) {
    std::memset(out + row * size, 0, static_cast<size_t>(columns) * sizeof(T));
  }
  for (int64_t item = 0; item < step.count; item++) {
    const int64_t row = index[item];
    if (row < patch.row_begin || row >= patch.row_end) continue;
    T* to = out + row * size;
    const T* from = table + item * size;
#pragma GCC ivdep
    for (int64_t j = 0; j < columns; j++) to[j] += from[j];
  }
}

template <class T>
void ScatterAdd(const GatherStep& step, const Context& context) {
  const int32_t* index = context.At<int32_t>(step.index);
  const T* table = context.At<T>(step.table.ref);
  T* out = context.At<T>(step.out.ref);
  if (step.row_size == 0 || step.rows == 0) return;
  // Cut by columns where rows are long. Where they are short cut by rows, though each task then
  // scans all indices: so into no more tasks than the adding is worth.
  const int64_t column_blocks = CeilDivide(step.row_size, kColumnBlock);
  const int64_t work = step.count * Smaller(step.row_size, kColumnBlock);
  const int64_t row_blocks = Larger(1, Smaller(step.rows, Smaller(8, work / kElementsPerTask)));
  const int64_t rows_each = CeilDivide(step.rows, row_blocks);
  const int64_t per_lane = column_blocks * row_blocks;
  const int64_t grain =
      Larger(1, kElementsPerTask * row_blocks / Larger(1, work + step.rows * step.row_size));
  ForPieces(context, step.lanes * per_lane, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t lane = i / per_lane;
      const int64_t row = (i % per_lane) / column_blocks * rows_each;
      const int64_t column = (i % column_blocks) * kColumnBlock;
      AddRows(step, index, table + lane * step.table.lane_stride, out + lane * step.out.lane_stride,
              {row, Smaller(step.rows, row + rows_each), column,
               Smaller(step.row_size, column + kColumnBlock)});
    }
  });
}

template <class T>
void Run(const GatherStep& step, const Context& context) {
  step.scatter_add ? ScatterAdd<T>(step, context) : GatherRows<T>(step, context);
}

}  // namespace

void Gather(const GatherStep& step, const Context& context) {
  switch (step.dtype) {
    case DType::kFloat32:
      return Run<float>(step, context);
    case DType::kFloat64:
      return Run<double>(step, context);
    case DType::kInt32:
      return Run<int32_t>(step, context);
    case DType::kBool:
      return Run<uint8_t>(step, context);
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
