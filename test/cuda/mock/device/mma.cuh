// In place of native/cuda/kernels/mma.cuh: the same functions without PTX. A warp multiplies 16×8
// by 8×8 in TF32 and adds in float32; that file says which elements a lane holds.
#pragma once

__device__ __forceinline__ float roundToTf32(float x) {
  if (!isfinite(x)) return x;
  return __uint_as_float((__float_as_uint(x) + 0x1000u) & 0xffffe000u);
}

namespace mock {

// A lane's part in a product.
struct MatrixProduct {
  float a[4];
  float b[2];
  float* d;

  // The chip does not look at the bits of an operand that TF32 has not.
  static float Operand(float x) { return __uint_as_float(__float_as_uint(x) & 0xffffe000u); }

  static void Combine(void* const* lanes) {
    float a[16][8], b[8][8];
    for (int lane = 0; lane < 32; ++lane) {
      const auto* mine = static_cast<const MatrixProduct*>(lanes[lane]);
      const int row = lane / 4, column = lane % 4;
      for (int i = 0; i < 4; ++i) a[row + i % 2 * 8][column + i / 2 * 4] = Operand(mine->a[i]);
      for (int i = 0; i < 2; ++i) b[column + i * 4][row] = Operand(mine->b[i]);
    }
    for (int lane = 0; lane < 32; ++lane) {
      float* d = static_cast<const MatrixProduct*>(lanes[lane])->d;
      const int row = lane / 4, column = lane % 4 * 2;
      for (int i = 0; i < 4; ++i) {
        for (int k = 0; k < 8; ++k) d[i] += a[row + i / 2 * 8][k] * b[k][column + i % 2];
      }
    }
  }
};

}  // namespace mock

__device__ __forceinline__ void multiplyTf32(float* d, const float* a, const float* b) {
  mock::MatrixProduct mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}, d};
  mock_services->warp_exchange(0xffffffffu, mock::MatrixProduct::Combine, &mine, __builtin_FILE(),
                               __builtin_LINE());
}
