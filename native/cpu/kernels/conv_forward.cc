#include "cpu/kernels/conv_correlate.h"
#include "cpu/kernels/conv_internal.h"

namespace glocal::cpu::GLOCAL_SIMD {

template <class T>
void ConvForward(const ConvStep& step, const Context& context) {
  const Window2d& w = step.window;
  Correlation<T> c;
  c.lanes = step.lanes;
  c.images = w.n;
  c.source = context.At<T>(step.a.ref);
  c.source_lane_stride = step.a.lane_stride;
  c.height = w.h;
  c.width = w.w;
  c.channels = w.c;
  c.origin_y = -w.pad_top;
  c.origin_x = -w.pad_left;
  c.stride_h = w.stride_h;
  c.stride_w = w.stride_w;
  c.taps_h = w.kh;
  c.taps_w = w.kw;
  c.weights = context.At<T>(step.b.ref);
  c.weights_lane_stride = step.b.lane_stride;
  c.tap_row_step = w.kw * w.c * w.o;
  c.tap_step = w.c * w.o;
  c.channel_step = w.o;
  c.result_channel_step = 1;
  c.result = context.At<T>(step.out.ref);
  c.result_lane_stride = step.out.lane_stride;
  c.result_image_step = w.oh * w.ow * w.o;
  c.result_row_step = w.ow * w.o;
  c.result_step = w.o;
  c.rows = w.oh;
  c.columns = w.ow;
  c.result_channels = w.o;
  c.accumulate = step.accumulate;
  Correlate(c, *context.pool);
}

template void ConvForward<float>(const ConvStep&, const Context&);
template void ConvForward<double>(const ConvStep&, const Context&);

}  // namespace glocal::cpu::GLOCAL_SIMD
