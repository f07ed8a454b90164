// Correlations whose kernel reaches over both ends of every row, such as the
// input gradient of a convolution without padding. A tile holds whole rows of
// results: each source pixel is spread over the results it meets, so that no
// product with the border is formed.
#pragma once

#include "cpu/kernels/conv_correlate.h"
#include "cpu/thread_pool.h"

namespace glocal::cpu::GLOCAL_SIMD {

// Whether there are tiles for it.
template <class T>
bool CanSpread(const Correlation<T>& correlation);

template <class T>
void Spread(const Correlation<T>& correlation, ThreadPool& pool);

}  // namespace glocal::cpu::GLOCAL_SIMD
