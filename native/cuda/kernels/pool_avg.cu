// Average pooling. `x4`: for a multiple of 4 channels.
#include "pool_avg.cuh"

extern "C" __global__ void __launch_bounds__(256) avg_pool_f32_x4(PoolTask<float> task) {
  avgPool<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_f32(PoolTask<float> task) {
  avgPool<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_f64_x4(PoolTask<double> task) {
  avgPool<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_f64(PoolTask<double> task) {
  avgPool<double, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f32_x4(PoolTask<float> task) {
  avgPoolGrad<float, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f32(PoolTask<float> task) {
  avgPoolGrad<float, 1>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f64_x4(PoolTask<double> task) {
  avgPoolGrad<double, 4>(task);
}
extern "C" __global__ void __launch_bounds__(256) avg_pool_grad_f64(PoolTask<double> task) {
  avgPoolGrad<double, 1>(task);
}
