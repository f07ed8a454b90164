// cuBLAS: matrix products, alone and captured.
#include <cmath>
#include <complex>

#include "cuda.h"

namespace {

using Complex = std::complex<double>;

constexpr int kReal32 = 0, kReal64 = 1, kComplex64 = 5;
constexpr int kCompute32 = 68, kCompute64 = 70, kComputeTf32 = 77;
constexpr size_t kWorkspaceBytes = 4 << 20;

struct Blas {
  explicit Blas(void* stream) {
    EXPECT(cublasCreate_v2(&handle), 0);
    EXPECT(cublasSetStream_v2(handle, stream), 0);
  }
  ~Blas() { cublasDestroy_v2(handle); }
  void* handle = nullptr;
};

template <class T>
std::vector<T> Numbers(size_t count, double seed) {
  std::vector<T> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<T>(std::sin(seed + 1.7 * i));
  return numbers;
}
template <>
std::vector<Complex> Numbers(size_t count, double seed) {
  std::vector<Complex> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = {std::sin(seed + 1.7 * i), std::cos(seed * i)};
  return numbers;
}

template <class T>
T Element(const std::vector<T>& matrix, int op, int row, int column, int leading) {
  if (op == 0) return matrix[row + column * leading];
  const T value = matrix[column + row * leading];
  if constexpr (std::is_same_v<T, Complex>) return op == 2 ? std::conj(value) : value;
  return value;
}

// A batch of two products with each combination of transposes.
template <class T>
void CheckProducts(int type, int compute, double least, double most) {
  Session session;
  const Blas blas(session.stream);
  const int m = 5, n = 7, k = 9, leading = 11, batch = 2;
  const long long stride = leading * leading;
  double worst = 0;
  for (const int op_a : {0, 1, 2}) {
    for (const int op_b : {0, 1, 2}) {
      const std::vector<T> a = Numbers<T>(stride * batch, 1), b = Numbers<T>(stride * batch, 2),
                           c = Numbers<T>(stride * batch, 3);
      const Array<T> on_a(a), on_b(b), on_c(c);
      const T alpha = 2, beta = 0.5;
      EXPECT(
          cublasGemmStridedBatchedEx(blas.handle, op_a, op_b, m, n, k, &alpha, on_a.pointer(), type,
                                     leading, stride, on_b.pointer(), type, leading, stride, &beta,
                                     on_c.pointer(), type, leading, stride, batch, compute, -1),
          0);
      const std::vector<T> result = on_c.Read();
      for (int i = 0; i < batch; ++i) {
        const std::vector<T> part_a(a.begin() + i * stride, a.begin() + (i + 1) * stride);
        const std::vector<T> part_b(b.begin() + i * stride, b.begin() + (i + 1) * stride);
        for (int row = 0; row < m; ++row) {
          for (int column = 0; column < n; ++column) {
            const size_t at = i * stride + row + column * leading;
            T sum = 0;
            for (int inner = 0; inner < k; ++inner) {
              sum += Element(part_a, op_a, row, inner, leading) *
                     Element(part_b, op_b, inner, column, leading);
            }
            worst = std::max<double>(worst, std::abs(result[at] - (alpha * sum + beta * c[at])));
          }
        }
      }
    }
  }
  Expect("difference is as small as the type says", worst <= most, 1);
  Expect("difference is as large as the rounding says", worst >= least, 1);
}

int Captured(const Blas& blas, void* stream, const Array<float>& matrix) {
  const float one = 1, zero = 0;
  void* graph = nullptr;
  EXPECT(cuStreamBeginCapture_v2(stream, 1), 0);
  const int status = cublasGemmStridedBatchedEx(
      blas.handle, 0, 0, 1, 1, 1, &one, matrix.pointer(), kReal32, 1, 0, matrix.pointer() + 1,
      kReal32, 1, 0, &zero, matrix.pointer() + 2, kReal32, 1, 0, 1, kCompute32, -1);
  cuStreamEndCapture(stream, &graph);
  if (graph == nullptr) return status;
  void* exec = nullptr;
  EXPECT(cuGraphInstantiateWithFlags(&exec, graph, 0), 0);
  EXPECT(cuGraphLaunch(exec, stream), 0);
  return status;
}

}  // namespace

TEST(products_in_float32) { CheckProducts<float>(kReal32, kCompute32, 0, 1e-5); }
TEST(products_in_tf32) { CheckProducts<float>(kReal32, kComputeTf32, 1e-5, 1e-2); }
TEST(products_in_float64) { CheckProducts<double>(kReal64, kCompute64, 0, 1e-14); }
TEST(products_of_complex_numbers) { CheckProducts<Complex>(kComplex64, kCompute64, 0, 1e-13); }

TEST(products_in_graphs_need_a_workspace) {
  Session session;
  const Blas blas(session.stream);
  const Array<char> workspace(kWorkspaceBytes, kNew);
  const Array<float> matrix({3, 5, 0});
  EXPECT(Captured(blas, session.stream, matrix), 3);
  EXPECT(cublasSetWorkspace_v2(blas.handle, workspace.pointer() + 4, 1024), 7);
  EXPECT(cublasSetWorkspace_v2(blas.handle, workspace.pointer(), kWorkspaceBytes), 0);
  EXPECT(Captured(blas, session.stream, matrix), 0);
  EXPECT(matrix.Read()[2], 15);
  EXPECT(cublasSetStream_v2(blas.handle, session.stream), 0);
  EXPECT(Captured(blas, session.stream, matrix), 3);
}

TEST(products_are_checked) {
  Session session;
  const Blas blas(session.stream);
  const Array<float> matrix({1, 2, 3, 4});
  const float one = 1;
  const auto multiply = [&](int n, int leading, int type, int compute) {
    return cublasGemmStridedBatchedEx(blas.handle, 0, 0, 2, n, 1, &one, matrix.pointer(), type,
                                      leading, 0, matrix.pointer(), type, 1, 0, &one,
                                      matrix.pointer(), type, leading, 0, 1, compute, -1);
  };
  EXPECT(multiply(2, 2, kReal32, kCompute32), 0);
  EXPECT(multiply(2, 1, kReal32, kCompute32), 7);
  EXPECT(multiply(3, 2, kReal32, kCompute32), 7);  // C is too short
  EXPECT(multiply(1, 2, kReal64, kCompute32), 15);
}
