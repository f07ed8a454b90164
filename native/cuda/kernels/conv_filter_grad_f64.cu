// Filter gradients of convolutions in float64. Names say the tile, and `any` that c need not be a
// multiple of 4.
#include "conv_filter_grad.cuh"
#include "conv_fma.cuh"

namespace {

using Tile64x16 = TileShape<64, 16, 16, 4, 4, 2>;
using Tile64x64 = TileShape<64, 64, 8, 8, 4, 1>;

}  // namespace

extern "C" __global__ void __launch_bounds__(128, 3)
    conv_filter_grad_f64_64x16(ConvGeometry geometry, ConvJob<double> first, ConvJob<double> second,
                               long long parts) {
  convFilterGrad<FmaProduct<double, Tile64x16>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 2)
    conv_filter_grad_f64_64x64(ConvGeometry geometry, ConvJob<double> first, ConvJob<double> second,
                               long long parts) {
  convFilterGrad<FmaProduct<double, Tile64x64>, 4>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 3)
    conv_filter_grad_f64_64x16_any(ConvGeometry geometry, ConvJob<double> first,
                                   ConvJob<double> second, long long parts) {
  convFilterGrad<FmaProduct<double, Tile64x16>, 1>(geometry, first, second, parts);
}

extern "C" __global__ void __launch_bounds__(128, 2)
    conv_filter_grad_f64_64x64_any(ConvGeometry geometry, ConvJob<double> first,
                                   ConvJob<double> second, long long parts) {
  convFilterGrad<FmaProduct<double, Tile64x64>, 1>(geometry, first, second, parts);
}
