// Index of the first maximum along the middle axis; a NaN counts as greater than any number.
#include "cpu/kernels/entries.h"
#include "cpu/kernels/partition.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

constexpr int64_t kElementsPerTask = 32768;

template <class T>
void Run(const ArgmaxStep& step, const Context& context) {
  const T* x = context.At<T>(step.x);
  int32_t* y = context.At<int32_t>(step.y);
  const int64_t grain = Larger(1, kElementsPerTask / step.axis);
  ForPieces(context, step.outer * step.inner, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const T* column = x + (i / step.inner) * step.axis * step.inner + i % step.inner;
      int32_t best = 0;
      T best_value = column[0];
      for (int64_t j = 1; j < step.axis; j++) {
        const T value = column[j * step.inner];
        if (value > best_value || (value != value && best_value == best_value)) {
          best_value = value;
          best = static_cast<int32_t>(j);
        }
      }
      y[i] = best;
    }
  });
}

}  // namespace

void Argmax(const ArgmaxStep& step, const Context& context) {
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
