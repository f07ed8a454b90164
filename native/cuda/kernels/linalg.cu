// What DMD needs besides cuBLAS and cuSOLVER. Matrices of float64 are column-major; `stride`
// numbers lie between the beginnings of two columns of what is read, and what is written is dense.
// Where a kernel does not say otherwise, a complex matrix is read as a real one with twice the
// rows.

namespace {

constexpr int kThreads = 256;

__device__ __forceinline__ long long firstOfThread() {
  return static_cast<long long>(blockIdx.x) * kThreads + threadIdx.x;
}
__device__ __forceinline__ long long threadsInAll() {
  return static_cast<long long>(gridDim.x) * kThreads;
}

}  // namespace

#define FOR_EACH(at, count) for (long long at = firstOfThread(); at < (count); at += threadsInAll())

// Column j of `out` holds the columns j, …, j + stacks − 1 of `in`, one below the other.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_stack(const double* __restrict__ in, long long stride, double* __restrict__ out,
                 long long rows, long long columns, long long stacks) {
  FOR_EACH(at, rows * stacks * columns) {
    const long long line = at / rows;
    out[at] = in[(line / stacks + line % stacks) * stride + at % rows];
  }
}

extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_pick_columns(const double* __restrict__ in, long long stride, double* __restrict__ out,
                        long long rows, long long columns, const long long* __restrict__ order) {
  FOR_EACH(at, rows * columns) out[at] = in[order[at / rows] * stride + at % rows];
}

extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_divide_columns(const double* __restrict__ in, long long stride, double* __restrict__ out,
                          long long rows, long long columns, const double* __restrict__ divisors) {
  FOR_EACH(at, rows * columns) {
    out[at] = in[at / rows * stride + at % rows] / divisors[at / rows];
  }
}

// Each of `width` numbers in an entry of row i divided by divisors[i]; rows and stride are entries.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_divide_rows(const double* __restrict__ in, long long stride, double* __restrict__ out,
                       long long rows, long long columns, long long width,
                       const double* __restrict__ divisors) {
  FOR_EACH(at, rows * columns * width) {
    const long long line = rows * width;
    out[at] = in[at / line * stride * width + at % line] / divisors[at % line / width];
  }
}

// Zeros below the diagonal.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_upper(const double* __restrict__ in, long long stride, double* __restrict__ out,
                 long long rows, long long columns) {
  FOR_EACH(at, rows * columns) {
    const long long i = at % rows, j = at / rows;
    out[at] = i <= j ? in[j * stride + i] : 0.0;
  }
}

// The conjugate transpose; rows, columns and stride are those of `in`, in entries of `width`
// numbers.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_adjoint(const double* __restrict__ in, long long stride, double* __restrict__ out,
                   long long rows, long long columns, long long width) {
  FOR_EACH(at, rows * columns) {
    const long long from = (at % columns * stride + at / columns) * width;
    out[at * width] = in[from];
    if (width == 2) out[at * 2 + 1] = -in[from + 1];
  }
}

// Real to complex.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_to_complex(const double* __restrict__ in, long long stride, double* __restrict__ out,
                      long long rows, long long columns) {
  FOR_EACH(at, rows * columns) {
    out[2 * at] = in[at / rows * stride + at % rows];
    out[2 * at + 1] = 0.0;
  }
}

// Complex to real; rows and stride are complex entries.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_real_part(const double* __restrict__ in, long long stride, double* __restrict__ out,
                     long long rows, long long columns) {
  FOR_EACH(at, rows * columns) out[at] = in[2 * (at / rows * stride + at % rows)];
}

// Eigenvectors (complex) as dgeev packs them: a conjugate pair shares two columns, the real and
// the imaginary part of the vector that belongs to the value with the positive imaginary part.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_eigenvectors(const double* __restrict__ values, const double* __restrict__ packed,
                        double* __restrict__ out, long long order) {
  FOR_EACH(at, order * order) {
    const long long i = at % order, j = at / order;
    const double turn = values[2 * j + 1];
    const long long real = turn < 0.0 ? j - 1 : j;
    const double imaginary = turn == 0.0 ? 0.0 : packed[(real + 1) * order + i];
    out[2 * at] = packed[real * order + i];
    out[2 * at + 1] = turn < 0.0 ? -imaginary : imaginary;
  }
}

// Sets the flag if any number is infinite or none at all. All that write it write the same.
extern "C" __global__ void __launch_bounds__(kThreads)
    linalg_find_non_finite(const double* __restrict__ in, long long stride, long long rows,
                           long long columns, int* flag) {
  FOR_EACH(at, rows * columns) {
    const double magnitude = fabs(in[at / rows * stride + at % rows]);
    if (!(magnitude <= 1.7976931348623157e308)) *flag = 1;
  }
}
