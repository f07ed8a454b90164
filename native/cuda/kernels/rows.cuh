// What a kernel of rows by index is told. The struct is a kernel parameter: all members take 8
// bytes, and lib/lower/cuda/structured.ts lists them in this order.
#pragma once

template <class T>
struct RowsTask {
  long long count, rows, rowSize, lanes;
  const int* index;
  const T* table;
  long long tableLane;
  T* out;
  long long outLane;
};
