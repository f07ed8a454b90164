// The input gradient is a correlation of ȳ with the flipped kernel. With a
// stride s, input rows of equal (row + pad) mod s form a phase that meets every
// s-th tap only; each phase is a correlation of its own, with stride 1.
#include <algorithm>

#include "cpu/kernels/conv_correlate.h"
#include "cpu/kernels/conv_internal.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

// One phase along one axis.
struct Phase {
  int64_t first_tap;  // taps first_tap, first_tap + stride, ...
  int64_t taps;
  int64_t first_input;  // inputs first_input, first_input + stride, ...
  int64_t inputs;
  int64_t origin;  // the output under the last tap of the first input
};

Phase PhaseOf(int64_t phase, int64_t stride, int64_t pad, int64_t taps, int64_t inputs) {
  Phase p;
  p.first_tap = phase;
  p.taps = phase < taps ? (taps - phase + stride - 1) / stride : 0;
  // The first input i ≥ 0 with i + pad = phase + stride·m.
  const int64_t m = std::max<int64_t>(pad - phase + stride - 1, 0) / stride;
  p.first_input = phase + stride * m - pad;
  p.inputs = p.first_input < inputs ? (inputs - p.first_input + stride - 1) / stride : 0;
  p.origin = m - (p.taps - 1);
  return p;
}

}  // namespace

template <class T>
void ConvInputGrad(const ConvStep& step, const Context& context) {
  const Window2d& w = step.window;
  Correlation<T> c;
  c.lanes = step.lanes;
  c.images = w.n;
  c.source = context.At<T>(step.a.ref);
  c.source_lane_stride = step.a.lane_stride;
  c.height = w.oh;
  c.width = w.ow;
  c.channels = w.o;
  c.stride_h = 1;
  c.stride_w = 1;
  c.weights_lane_stride = step.b.lane_stride;
  c.tap_row_step = -w.stride_h * w.kw * w.c * w.o;
  c.tap_step = -w.stride_w * w.c * w.o;
  c.channel_step = 1;
  c.result_channel_step = w.o;
  c.result_lane_stride = step.out.lane_stride;
  c.result_image_step = w.h * w.w * w.c;
  c.result_row_step = w.stride_h * w.w * w.c;
  c.result_step = w.stride_w * w.c;
  c.result_channels = w.c;
  c.accumulate = step.accumulate;
  for (int64_t y = 0; y < w.stride_h; ++y) {
    const Phase rows = PhaseOf(y, w.stride_h, w.pad_top, w.kh, w.h);
    for (int64_t x = 0; x < w.stride_w; ++x) {
      const Phase columns = PhaseOf(x, w.stride_w, w.pad_left, w.kw, w.w);
      const bool met = rows.taps > 0 && columns.taps > 0;
      c.taps_h = met ? rows.taps : 0;
      c.taps_w = met ? columns.taps : 0;
      c.origin_y = rows.origin;
      c.origin_x = columns.origin;
      const int64_t last_tap_row = rows.first_tap + (c.taps_h - 1) * w.stride_h;
      const int64_t last_tap = columns.first_tap + (c.taps_w - 1) * w.stride_w;
      c.weights =
          context.At<T>(step.b.ref) + (met ? (last_tap_row * w.kw + last_tap) * w.c * w.o : 0);
      c.result = context.At<T>(step.out.ref) + (rows.first_input * w.w + columns.first_input) * w.c;
      c.rows = rows.inputs;
      c.columns = columns.inputs;
      Correlate(c, *context.pool);
    }
  }
}

template void ConvInputGrad<float>(const ConvStep&, const Context&);
template void ConvInputGrad<double>(const ConvStep&, const Context&);

}  // namespace glocal::cpu::GLOCAL_SIMD
