// Filter gradients of convolutions in float32. Names say the tile, and `any` that c need not be a
// multiple of 4.
#include "conv_filter_grad.cuh"
#include "conv_fma.cuh"

namespace {

using Tile32x16 = TileShape<32, 16, 32, 4, 4, 4>;
using Tile64x16 = TileShape<64, 16, 32, 4, 4, 2>;
using Tile64x32 = TileShape<64, 32, 16, 4, 4, 1>;
using Tile128x32 = TileShape<128, 32, 16, 8, 4, 1>;
using Tile64x64 = TileShape<64, 64, 16, 8, 4, 1>;
using Tile128x64 = TileShape<128, 64, 8, 8, 8, 1>;

}  // namespace

extern "C" __global__ void __launch_bounds__(128, 5)
    conv_filter_grad_f32_32x16(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                               long long parts) {
  convFilterGrad<FmaProduct<float, Tile32x16>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 5)
    conv_filter_grad_f32_64x16(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                               long long parts) {
  convFilterGrad<FmaProduct<float, Tile64x16>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 5)
    conv_filter_grad_f32_64x32(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                               long long parts) {
  convFilterGrad<FmaProduct<float, Tile64x32>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 4)
    conv_filter_grad_f32_128x32(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                                long long parts) {
  convFilterGrad<FmaProduct<float, Tile128x32>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 4)
    conv_filter_grad_f32_64x64(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                               long long parts) {
  convFilterGrad<FmaProduct<float, Tile64x64>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 3)
    conv_filter_grad_f32_128x64(ConvGeometry geometry, ConvJob<float> first, ConvJob<float> second,
                                long long parts) {
  convFilterGrad<FmaProduct<float, Tile128x64>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 5)
    conv_filter_grad_f32_32x16_any(ConvGeometry geometry, ConvJob<float> first,
                                   ConvJob<float> second, long long parts) {
  convFilterGrad<FmaProduct<float, Tile32x16>, 1>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 5)
    conv_filter_grad_f32_64x32_any(ConvGeometry geometry, ConvJob<float> first,
                                   ConvJob<float> second, long long parts) {
  convFilterGrad<FmaProduct<float, Tile64x32>, 1>(geometry, first, second, parts);
}
