#include "cpu/kernels/entries.h"

#define GLOCAL_TEXT_OF(name) #name
#define GLOCAL_TEXT(name) GLOCAL_TEXT_OF(name)

namespace glocal::cpu::GLOCAL_SIMD {

const Kernels kTable = {
    GLOCAL_TEXT(GLOCAL_SIMD), Map, Reduce, Argmax, Matmul, Conv, Pool, Gather, Random,
};

}  // namespace glocal::cpu::GLOCAL_SIMD
