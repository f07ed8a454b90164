// Tensor cores: the only file with PTX. A warp multiplies 16×8 by 8×8 in TF32 and adds in float32.
//
// What a lane of the warp holds (row = lane / 4, column = lane % 4):
//   a[0..3] = A(row, column), A(row + 8, column), A(row, column + 4), A(row + 8, column + 4)
//   b[0..1] = B(column, row), B(column + 4, row)
//   d[0..3] = D(row, 2·column), D(row, 2·column + 1), D(row + 8, 2·column), D(row + 8, 2·column +
//   1)
#pragma once

// Rounds to the 10 bits of mantissa that TF32 keeps, to nearest, ties away from zero.
__device__ __forceinline__ float roundToTf32(float x) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
}

// D += A · B, of operands that are already rounded.
__device__ __forceinline__ void multiplyTf32(float* d, const float* a, const float* b) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
        "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}
