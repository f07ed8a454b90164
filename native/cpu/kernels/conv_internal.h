// The three convolutions behind Conv.
#pragma once

#include "cpu/kernels.h"
#include "program.h"

namespace glocal::cpu::GLOCAL_SIMD {

template <class T>
void ConvForward(const ConvStep& step, const Context& context);
template <class T>
void ConvInputGrad(const ConvStep& step, const Context& context);
template <class T>
void ConvFilterGrad(const ConvStep& step, const Context& context);

}  // namespace glocal::cpu::GLOCAL_SIMD
