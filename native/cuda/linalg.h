// Float64 linear algebra on a GPU: cuSOLVER, cuBLAS and kernels/linalg.cu on a stream of their own.
// Never part of a differentiated program, never captured in a graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cuda/context.h"
#include "cuda/matrix.h"
#include "cuda/matrix_product.h"
#include "cuda/modules.h"
#include "cuda/solver.h"
#include "cuda/stream.h"

namespace glocal::cuda {

// Used by one thread at a time. Sizes must fit together: they are not looked at again here.
class Linalg {
 public:
  Linalg(std::shared_ptr<const Context> context, FixedModules& kernels);
  ~Linalg();
  Linalg(const Linalg&) = delete;
  Linalg& operator=(const Linalg&) = delete;

  Matrix Upload(const double* data, int64_t rows, int64_t columns, bool complex);
  std::vector<double> Download(const Matrix& a);

  // The first rows of some columns, in the memory of A.
  static Matrix Slice(const Matrix& a, int64_t rows, int64_t from, int64_t to);
  Matrix PickColumns(const Matrix& a, std::vector<int64_t> order);
  // Column j holds the columns j, …, j + stacks − 1 of A, one below the other.
  Matrix StackColumns(const Matrix& a, int64_t stacks);
  Matrix RealPart(const Matrix& a);
  Matrix DivideColumns(const Matrix& a, std::vector<double> divisors);
  // op(A) · B, op(A) being Aᴴ when `adjoint`; complex if either is.
  Matrix Multiply(const Matrix& a, const Matrix& b, bool adjoint);

  struct Qr {
    Matrix basis, coordinates;
  };
  Qr ThinQr(const Matrix& a);

  struct Svd {
    Matrix left;
    std::vector<double> singular_values;
    Matrix right;
  };
  Svd ThinSvd(const Matrix& a);

  struct Eigen {
    std::vector<double> values;  // complex
    Matrix vectors;
  };
  Eigen RightEigenvectors(const Matrix& a);

  // The complex X of least norm among those of least |A·X − B|. Singular values of A up to `cutoff`
  // times the greatest count as zero, as in zgelsd.
  Matrix LeastSquares(const Matrix& a, const Matrix& b, double cutoff);

  const Solver& solver() const { return solver_; }

 private:
  // What the factors of a thin SVD of A, or of Aᴴ where A has fewer rows than columns, are called.
  struct TallSvd {
    Matrix u, s, vt;
    bool adjoint;
  };

  Matrix Make(int64_t rows, int64_t columns, bool complex);
  // A vector in device memory, the host's copy of which is kept for as long as it may be read.
  template <class Number>
  std::shared_ptr<const DeviceMemory> Stage(std::vector<Number> numbers);
  void Launch(const char* kernel, int64_t count, std::initializer_list<uint64_t> parameters);
  void Synchronize();

  Matrix Copy(const Matrix& a) { return StackColumns(a, 1); }
  Matrix Adjoint(const Matrix& a);
  Matrix ToComplex(const Matrix& a);
  Matrix DivideRows(const Matrix& a, std::vector<double> divisors);
  TallSvd FactorTall(const Matrix& a);
  void RequireFinite(const Matrix& a);

  std::shared_ptr<const Context> context_;
  std::map<std::string, CUfunction> kernels_;
  Stream stream_;
  std::shared_ptr<MatrixMemory> memory_;
  MatrixProduct product_;
  Solver solver_;
  std::vector<std::shared_ptr<const void>> staged_;
};

}  // namespace glocal::cuda
