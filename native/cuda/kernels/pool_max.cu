// Max pooling. `x4`: for a multiple of 4 channels; `tiled`: for windows side by side that cover the
// image.
#include "pool_max.cuh"

extern "C" __global__ void __launch_bounds__(256, 4) max_pool_f32_x4(PoolTask<float> task) {
  maxPool<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_f32(PoolTask<float> task) {
  maxPool<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_f64_x4(PoolTask<double> task) {
  maxPool<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_f64(PoolTask<double> task) {
  maxPool<double, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_tangent_f32_x4(PoolTask<float> task) {
  maxPoolTangent<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_tangent_f32(PoolTask<float> task) {
  maxPoolTangent<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4)
    max_pool_tangent_f64_x4(PoolTask<double> task) {
  maxPoolTangent<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_tangent_f64(PoolTask<double> task) {
  maxPoolTangent<double, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_grad_f32_x4(PoolTask<float> task) {
  maxPoolGrad<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_grad_f32(PoolTask<float> task) {
  maxPoolGrad<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_grad_f64_x4(PoolTask<double> task) {
  maxPoolGrad<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_grad_f64(PoolTask<double> task) {
  maxPoolGrad<double, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4)
    max_pool_grad_tiled_f32_x4(PoolTask<float> task) {
  maxPoolGradTiled<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4) max_pool_grad_tiled_f32(PoolTask<float> task) {
  maxPoolGradTiled<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4)
    max_pool_grad_tiled_f64_x4(PoolTask<double> task) {
  maxPoolGradTiled<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256, 4)
    max_pool_grad_tiled_f64(PoolTask<double> task) {
  maxPoolGradTiled<double, 1>(task);
}
