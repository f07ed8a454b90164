// Correlation of NHWC images with a small kernel, however the kernel and the
// results lie in memory: a forward convolution is one, an input gradient is one
// for each phase of the stride.
#pragma once

#include <cstdint>

#include "cpu/thread_pool.h"

namespace glocal::cpu::GLOCAL_SIMD {

// Steps and strides count elements.
template <class T>
struct Correlation {
  int64_t lanes, images;  // images of each lane

  const T* source;
  int64_t source_lane_stride;
  int64_t height, width, channels;
  int64_t origin_y,
      origin_x;  // the source pixel under tap (0, 0) of result (0, 0); may lie outside
  int64_t stride_h, stride_w;

  int64_t taps_h, taps_w;
  const T* weights;  // of tap (0, 0), channel 0, result channel 0
  int64_t weights_lane_stride;
  int64_t tap_row_step, tap_step, channel_step, result_channel_step;

  T* result;
  int64_t result_lane_stride, result_image_step, result_row_step, result_step;
  int64_t rows, columns, result_channels;
  bool accumulate;
};

template <class T>
void Correlate(const Correlation<T>& correlation, ThreadPool& pool);

}  // namespace glocal::cpu::GLOCAL_SIMD
