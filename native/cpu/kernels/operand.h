// A strided operand seen as one flat row-major sequence, and tiles of it
// loaded into and stored from registers of the compute type T.
#pragma once

#include <cstring>

#include "cpu/kernels/entries.h"
#include "cpu/kernels/partition.h"

namespace glocal::cpu::GLOCAL_SIMD {

enum class Pattern {
  kScalar,      // the same element everywhere
  kContiguous,  // element i
  kRepeated,    // element i / period
  kBlocks,      // blocks of `period` elements, each repeated over `span` elements
  kStrided,     // anything else
};

// The longest block of kBlocks.
inline constexpr int64_t kLongestBlock = 1024;
// A block that is repeated over fewer elements is not worth the arithmetic.
inline constexpr int64_t kShortestSpan = 256;

struct Operand {
  std::byte* base = nullptr;
  DType dtype = DType::kFloat32;
  Pattern pattern = Pattern::kScalar;
  int64_t period = 1;
  int64_t span = 1;
  int block_dim = 0;  // of kBlocks: the first dimension of a block
  // Merged dimensions, none of size 1.
  int rank = 0;
  int64_t dims[kMaxRank];
  int64_t strides[kMaxRank];

  // Appends a dimension inside those so far, merged with the last where it can be.
  void Append(int64_t size, int64_t stride) {
    if (size == 1) return;
    if (rank > 0 && strides[rank - 1] == stride * size) {
      dims[rank - 1] *= size;
      strides[rank - 1] = stride;
      return;
    }
    dims[rank] = size;
    strides[rank] = stride;
    rank++;
  }

  // After the last Append.
  void Classify() {
    pattern = Pattern::kStrided;
    if (rank == 0 || (rank == 1 && strides[0] == 0)) {
      pattern = Pattern::kScalar;
    } else if (rank == 1 && strides[0] == 1) {
      pattern = Pattern::kContiguous;
    } else if (rank == 2 && strides[0] == 1 && strides[1] == 0) {
      pattern = Pattern::kRepeated;
      period = dims[1];
    } else {
      FindBlocks();
    }
  }

  // The offset of element [begin] if elements [begin, begin + n) lie side by side, else -1. The
  // innermost stride must be 1.
  int64_t SideBySide(int64_t begin, int n) const {
    int64_t rest = begin / dims[rank - 1];
    int64_t offset = begin % dims[rank - 1];
    if (offset + n > dims[rank - 1]) return -1;
    for (int i = rank - 2; i >= 0; i--) {
      offset += rest % dims[i] * strides[i];
      rest /= dims[i];
    }
    return offset;
  }

  // The offset of the block that is repeated over the i-th span.
  int64_t BlockOffset(int64_t i) const {
    int64_t offset = 0;
    for (int dim = block_dim - 2; dim >= 0; dim--) {
      offset += i % dims[dim] * strides[dim];
      i /= dims[dim];
    }
    return offset;
  }

  // The bytes from the lowest to the end of the highest element.
  const std::byte* Low() const { return base + Reach(-1) * BytesOf(dtype); }
  const std::byte* End() const { return base + (Reach(1) + 1) * BytesOf(dtype); }
  bool Overlaps(const Operand& other) const { return Low() < other.End() && other.Low() < End(); }

 private:
  // Takes the outermost repeated dimension around a block that is not too long.
  void FindBlocks() {
    int64_t size = dims[rank - 1];
    for (int i = rank - 2; i >= 0 && size <= kLongestBlock; i--) {
      const bool worth = i == 0 || size * dims[i] >= kShortestSpan;
      if (strides[i] == 0 && worth) {
        pattern = Pattern::kBlocks;
        period = size;
        span = size * dims[i];
        block_dim = i + 1;
      }
      size *= dims[i];
    }
  }

  int64_t Reach(int64_t sign) const {
    int64_t reach = 0;
    for (int i = 0; i < rank; i++) {
      if (sign * strides[i] > 0) reach += (dims[i] - 1) * strides[i];
    }
    return reach;
  }
};

// Calls body(offset, at, count, stride) for the runs along the innermost dimension that make up
// elements [begin, begin + n) of the dimensions from `first` on: `count` elements from `offset`,
// `stride` apart, at `at` of the tile.
template <class Body>
void ForRuns(const Operand& operand, int first, int64_t begin, int n, const Body& body) {
  const int last = operand.rank - 1;
  int64_t index[kMaxRank];
  int64_t rest = begin;
  int64_t offset = 0;
  for (int i = last; i >= first; i--) {
    index[i] = rest % operand.dims[i];
    rest /= operand.dims[i];
    offset += index[i] * operand.strides[i];
  }
  const int64_t inner = operand.dims[last];
  const int64_t stride = operand.strides[last];
  for (int at = 0;;) {
    const int count = static_cast<int>(Smaller(n - at, inner - index[last]));
    body(offset, at, count, stride);
    at += count;
    if (at >= n) return;
    // The next run starts at 0 of the innermost dimension.
    offset -= index[last] * stride;
    index[last] = 0;
    for (int i = last - 1; i >= first; i--) {
      offset += operand.strides[i];
      if (++index[i] < operand.dims[i]) break;
      offset -= operand.dims[i] * operand.strides[i];
      index[i] = 0;
    }
  }
}

template <class T, class S>
void ConvertRun(const S* from, int64_t stride, int n, T* to) {
  if (stride == 1) {
#pragma GCC ivdep
    for (int i = 0; i < n; i++) to[i] = static_cast<T>(from[i]);
  } else if (stride == 0) {
    const T value = static_cast<T>(*from);
    for (int i = 0; i < n; i++) to[i] = value;
  } else {
    for (int i = 0; i < n; i++) to[i] = static_cast<T>(from[i * stride]);
  }
}

// Elements [begin, begin + n) of the dimensions from `first` on.
template <class T, class S>
void LoadRuns(const Operand& operand, const S* base, int first, int64_t begin, int n, T* to) {
  if (n == 0) return;
  ForRuns(operand, first, begin, n, [&](int64_t offset, int at, int count, int64_t stride) {
    ConvertRun(base + offset, stride, count, to + at);
  });
}

// One block again and again, from its element `phase` on.
template <class T, class S>
void LoadBlock(const Operand& operand, const S* block, int64_t phase, int n, T* to) {
  const int head = static_cast<int>(Smaller(n, operand.period - phase));
  LoadRuns(operand, block, operand.block_dim, phase, head, to);
  const int tail = static_cast<int>(Smaller(n - head, phase));
  LoadRuns(operand, block, operand.block_dim, 0, tail, to + head);
  // One whole block is there; the rest repeats it, doubling.
  for (int filled = head + tail; filled < n;) {
    const int count = static_cast<int>(Smaller(filled, n - filled));
    std::memcpy(to + filled, to, static_cast<size_t>(count) * sizeof(T));
    filled += count;
  }
}

template <class T, class S>
void LoadBlocks(const Operand& operand, int64_t begin, int n, T* to) {
  const S* base = reinterpret_cast<const S*>(operand.base);
  for (int at = 0; at < n;) {
    const int64_t inside = (begin + at) % operand.span;
    const int count = static_cast<int>(Smaller(n - at, operand.span - inside));
    const S* block = base + operand.BlockOffset((begin + at) / operand.span);
    LoadBlock(operand, block, inside % operand.period, count, to + at);
    at += count;
  }
}

template <class T, class S>
void LoadRepeated(const S* from, int64_t period, int64_t begin, int n, T* to) {
  constexpr int kVector = 64 / static_cast<int>(sizeof(T));
  from += begin / period;
  int run = static_cast<int>(Smaller(n, period - begin % period));
  int at = 0;
  // Short runs: a whole vector each, of which the next run overwrites the end.
  if (period <= kVector) {
    for (; at + kVector <= n; run = static_cast<int>(period)) {
      const T value = static_cast<T>(*from++);
      for (int i = 0; i < kVector; i++) to[at + i] = value;
      at += run;
    }
    run = static_cast<int>(Smaller(n - at, run));
  }
  for (; at < n; from++) {
    const T value = static_cast<T>(*from);
    for (int i = 0; i < run; i++) to[at + i] = value;
    at += run;
    run = static_cast<int>(Smaller(n - at, period));
  }
}

template <class T, class S>
void LoadTileFrom(const Operand& operand, int64_t begin, int n, T* to) {
  const S* base = reinterpret_cast<const S*>(operand.base);
  switch (operand.pattern) {
    case Pattern::kScalar:
      return ConvertRun(base, 0, n, to);
    case Pattern::kContiguous:
      return ConvertRun(base + begin, 1, n, to);
    case Pattern::kRepeated:
      return LoadRepeated(base, operand.period, begin, n, to);
    case Pattern::kBlocks:
      return LoadBlocks<T, S>(operand, begin, n, to);
    case Pattern::kStrided:
      return LoadRuns(operand, base, 0, begin, n, to);
  }
}

// Elements [begin, begin + n) of the flat sequence.
template <class T>
void LoadTile(const Operand& operand, int64_t begin, int n, T* to) {
  switch (operand.dtype) {
    case DType::kFloat32:
      return LoadTileFrom<T, float>(operand, begin, n, to);
    case DType::kFloat64:
      return LoadTileFrom<T, double>(operand, begin, n, to);
    case DType::kInt32:
      return LoadTileFrom<T, int32_t>(operand, begin, n, to);
    case DType::kBool:
      return LoadTileFrom<T, uint8_t>(operand, begin, n, to);
  }
}

struct ToNumber {
  template <class D, class T>
  static D Convert(T x) {
    return static_cast<D>(x);
  }
};
struct ToBool {
  template <class D, class T>
  static D Convert(T x) {
    return static_cast<D>(x != T(0));
  }
};

template <class T, class D, class Conversion>
void StoreTileTo(const Operand& operand, int64_t begin, int n, const T* from) {
  D* base = reinterpret_cast<D*>(operand.base);
  if (operand.pattern == Pattern::kContiguous) {
    D* to = base + begin;
#pragma GCC ivdep
    for (int i = 0; i < n; i++) to[i] = Conversion::template Convert<D>(from[i]);
    return;
  }
  if (operand.rank == 0) {
    *base = Conversion::template Convert<D>(*from);
    return;
  }
  ForRuns(operand, 0, begin, n, [&](int64_t offset, int at, int count, int64_t stride) {
    D* to = base + offset;
    for (int i = 0; i < count; i++) to[i * stride] = Conversion::template Convert<D>(from[at + i]);
  });
}

template <class T>
void StoreTile(const Operand& operand, int64_t begin, int n, const T* from) {
  switch (operand.dtype) {
    case DType::kFloat32:
      return StoreTileTo<T, float, ToNumber>(operand, begin, n, from);
    case DType::kFloat64:
      return StoreTileTo<T, double, ToNumber>(operand, begin, n, from);
    case DType::kInt32:
      return StoreTileTo<T, int32_t, ToNumber>(operand, begin, n, from);
    case DType::kBool:
      return StoreTileTo<T, uint8_t, ToBool>(operand, begin, n, from);
  }
}

template <class T>
inline constexpr DType kDTypeOf = sizeof(T) == 4 ? DType::kFloat32 : DType::kFloat64;

}  // namespace glocal::cpu::GLOCAL_SIMD
