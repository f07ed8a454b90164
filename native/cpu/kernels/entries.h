// The kernels of one SIMD level, by name; table.cc puts them in the table.
#pragma once

#include "cpu/kernels.h"

namespace glocal::cpu::GLOCAL_SIMD {

void Map(const MapStep& step, const Context& context);
void Reduce(const ReduceStep& step, const Context& context);
void Argmax(const ArgmaxStep& step, const Context& context);
void Matmul(const MatmulStep& step, const Context& context);
void Conv(const ConvStep& step, const Context& context);
void Pool(const PoolStep& step, const Context& context);
void Gather(const GatherStep& step, const Context& context);
void Random(const RandomStep& step, const Context& context);

}  // namespace glocal::cpu::GLOCAL_SIMD
