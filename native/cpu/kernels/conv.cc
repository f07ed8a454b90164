#include "cpu/kernels/conv_internal.h"
#include "cpu/kernels/entries.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

template <class T>
void ConvOf(const ConvStep& step, const Context& context) {
  switch (step.kind) {
    case ConvKind::kForward:
      return ConvForward<T>(step, context);
    case ConvKind::kInputGrad:
      return ConvInputGrad<T>(step, context);
    case ConvKind::kFilterGrad:
      return ConvFilterGrad<T>(step, context);
  }
}

}  // namespace

void Conv(const ConvStep& step, const Context& context) {
  if (step.dtype == DType::kFloat64) {
    ConvOf<double>(step, context);
  } else {
    ConvOf<float>(step, context);
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
