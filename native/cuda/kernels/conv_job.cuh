// What a convolution kernel is told, and which part of it a block does. The structs are
// kernel parameters: all members take 8 bytes, and lib/lower/cuda/conv.ts lists them in this order.
#pragma once

struct ConvGeometry {
  long long h, w, c, kh, kw, o, strideH, strideW, padTop, padLeft, oh, ow;
};

// Lane strides are 0 for operands that all lanes share.
template <class T>
struct ConvTerm {
  const T* a;
  long long aLane;
  const T* b;
  long long bLane;
};

// out = the sum over one or two terms, for each lane. A job without lanes does nothing.
template <class T>
struct ConvJob {
  long long images, lanes, terms, accumulate, partStride;
  ConvTerm<T> first, second;
  T* out;
  long long outLane;
};

// One lane of one job.
template <class T>
struct ConvLane {
  long long images;
  int terms;
  bool accumulate;
  long long partStride;
  const T* a[2];
  const T* b[2];
  T* out;

  __device__ __forceinline__ ConvLane(const ConvJob<T>& job, int lane)
      : images(job.images),
        terms(static_cast<int>(job.terms)),
        accumulate(job.accumulate != 0),
        partStride(job.partStride),
        a{job.first.a + lane * job.first.aLane, job.second.a + lane * job.second.aLane},
        b{job.first.b + lane * job.first.bLane, job.second.b + lane * job.second.bLane},
        out(job.out + lane * job.outLane) {}
};

template <class T>
__device__ __forceinline__ ConvLane<T> laneOf(const ConvJob<T>& first, const ConvJob<T>& second,
                                              int index) {
  const int lanes = static_cast<int>(first.lanes);
  return index < lanes ? ConvLane<T>(first, index) : ConvLane<T>(second, index - lanes);
}

// All blocks are numbered along x, the only dimension of a grid with room for any number: columns
// of tiles change fastest, so that neighbours share the rows of A, then rows, then parts, then
// lanes.
struct ConvBlock {
  int column;
  long long row;
  int part, lane;

  __device__ __forceinline__ ConvBlock(int columns, unsigned rows, int parts) {
    unsigned index = blockIdx.x;
    column = static_cast<int>(index % columns);
    index /= columns;
    row = index % rows;
    index /= rows;
    part = static_cast<int>(index % parts);
    lane = static_cast<int>(index / parts);
  }
};

__device__ __forceinline__ long long ceilDivide(long long a, long long b) {
  return (a + b - 1) / b;
}

template <class T>
__device__ __forceinline__ long long mostImages(const ConvJob<T>& first, const ConvJob<T>& second) {
  return first.images > second.images ? first.images : second.images;
}
