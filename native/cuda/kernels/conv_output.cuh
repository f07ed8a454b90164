// Writes the results of a tile, or adds them to what is there. Columns lie side by side in memory.
#pragma once

#include "quad.cuh"

// `Rows` says where rows begin: bool contains(row), long long offset(row), for rows of the tile.
template <class T, class Rows>
struct ConvOutput {
  T* out;
  const Rows& rows;
  int firstColumn, columns;
  bool accumulate, aligned;

  __device__ __forceinline__ ConvOutput(T* out, const Rows& rows, int firstColumn, int columns,
                                        bool accumulate)
      : out(out),
        rows(rows),
        firstColumn(firstColumn),
        columns(columns),
        accumulate(accumulate),
        aligned(columns % 4 == 0 && isAligned(out)) {}

  // `count` neighbours of one row: 4, or 2 where that is how a product holds them.
  __device__ __forceinline__ void write(int row, int column, Quad<T> sums, int count) const {
    column += firstColumn;
    if (column >= columns || !rows.contains(row)) return;
    T* to = out + rows.offset(row) + column;
    const int left = columns - column;
    const int valid = left < count ? left : count;
    if (accumulate) {
      const Quad<T> old = loadQuad(to, valid, aligned);
#pragma unroll
      for (int i = 0; i < 4; ++i) sums.at[i] += old.at[i];
    }
    storeQuad(to, sums, valid, aligned);
  }
};
