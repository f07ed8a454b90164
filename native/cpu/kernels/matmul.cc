// Batched matrix products over single-threaded BLAS. A batch is first folded
// into the rows of one product where memory allows; then either whole products
// or blocks of rows or columns of one are tasks.
#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "blas.h"
#include "cpu/kernels/conv_tasks.h"
#include "cpu/kernels/entries.h"
#include "cpu/kernels/transpose.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

void Gemm(CblasTranspose trans_a, CblasTranspose trans_b, int m, int n, int k, const float* a,
          int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, trans_a, trans_b, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

void Gemm(CblasTranspose trans_a, CblasTranspose trans_b, int m, int n, int k, const double* a,
          int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, trans_a, trans_b, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

// Rows or columns of a block; for each, BLAS packs the other operand anew.
constexpr int64_t kLeastBlock = 128;
constexpr int64_t kMostBlocks = 64;
// Where all blocks share so few elements, blocks are cut small: BLAS multiplies these without
// packing, half as fast again. It is slow with a transposed b, which is therefore turned before.
constexpr int64_t kFewElements = 16 * 1024;
constexpr double kSmallBlockFlops = 1e6;
constexpr int64_t kLeastSmallBlock = 32;
constexpr int64_t kLeastRowsToTurn = 8;
constexpr size_t kMaxBatchDims = 8;

// The batch with mergeable dimensions merged, last first.
struct Batch {
  size_t dims = 0;
  int64_t size[kMaxBatchDims], a[kMaxBatchDims], b[kMaxBatchDims], c[kMaxBatchDims];

  int64_t Count() const {
    int64_t count = 1;
    for (size_t d = 0; d < dims; ++d) count *= size[d];
    return count;
  }
};

template <class T>
class Product {
 public:
  Product(const MatmulStep& step, const Context& context)
      : step_(step), m_(step.m), pool_(*context.pool) {
    a_ = context.At<T>(step.a.ref);
    b_ = context.At<T>(step.b.ref);
    c_ = context.At<T>(step.c.ref);
    for (size_t d = step.batch.size(); d-- > 0;) {
      AddDimension(step.batch[d], step.a.strides[d], step.b.strides[d], step.c.strides[d]);
    }
    FoldIntoRows();
  }

  void Run() {
    const int64_t products = batch_.Count();
    if (products == 0 || m_ == 0 || step_.n == 0) return;
    const double flops = 2.0 * static_cast<double>(m_ * step_.n) * static_cast<double>(step_.k);
    const bool few = std::min(m_, step_.n) * step_.k <= kFewElements;
    turns_b_ = step_.trans_b && few && m_ >= kLeastRowsToTurn && step_.n * step_.k <= kFewElements;
    const bool small = few && (turns_b_ || !step_.trans_b);
    const int64_t longest = std::max(m_, step_.n);
    const double grain = small ? kSmallBlockFlops : kTaskFlops;
    blocks_ = TasksFor(
        flops, small ? longest / kLeastSmallBlock : std::min(longest / kLeastBlock, kMostBlocks),
        grain);
    const int64_t pieces = products * blocks_;
    const int64_t tasks = TasksFor(flops * static_cast<double>(products), pieces, grain);
    const auto task = [&](int64_t index, int worker) {
      const int64_t end = PartBegin(pieces, tasks, index + 1);
      for (int64_t piece = PartBegin(pieces, tasks, index); piece < end; ++piece) {
        Piece(piece / blocks_, piece % blocks_, worker);
      }
    };
    pool_.Run(tasks, task);
  }

 private:
  // Dimensions come from the last to the first.
  void AddDimension(int64_t size, int64_t a, int64_t b, int64_t c) {
    if (size == 1) return;
    if (batch_.dims > 0) {
      const size_t d = batch_.dims - 1;
      const int64_t inner = batch_.size[d];
      if (a == batch_.a[d] * inner && b == batch_.b[d] * inner && c == batch_.c[d] * inner) {
        batch_.size[d] *= size;
        return;
      }
    }
    if (batch_.dims == kMaxBatchDims) {
      throw std::invalid_argument("Expected a product with at most 8 batch dimensions.");
    }
    const size_t d = batch_.dims++;
    batch_.size[d] = size;
    batch_.a[d] = a;
    batch_.b[d] = b;
    batch_.c[d] = c;
  }

  // Products that share b and follow each other in a and c are one product of more rows.
  void FoldIntoRows() {
    if (step_.trans_a || batch_.dims == 0) return;
    if (batch_.b[0] != 0 || batch_.a[0] != m_ * step_.lda || batch_.c[0] != m_ * step_.ldc) return;
    m_ *= batch_.size[0];
    --batch_.dims;
    for (size_t d = 0; d < batch_.dims; ++d) {
      batch_.size[d] = batch_.size[d + 1];
      batch_.a[d] = batch_.a[d + 1];
      batch_.b[d] = batch_.b[d + 1];
      batch_.c[d] = batch_.c[d + 1];
    }
  }

  void Piece(int64_t product, int64_t block, int worker) const {
    const T* a = a_;
    const T* b = b_;
    T* c = c_;
    for (size_t d = 0; d < batch_.dims; ++d) {
      const int64_t i = product % batch_.size[d];
      product /= batch_.size[d];
      a += i * batch_.a[d];
      b += i * batch_.b[d];
      c += i * batch_.c[d];
    }
    int64_t m = m_;
    int64_t n = step_.n;
    const bool by_rows = m >= n;
    const int64_t length = by_rows ? m : n;
    const int64_t begin = PartBegin(length, blocks_, block);
    const int64_t count = PartBegin(length, blocks_, block + 1) - begin;
    if (by_rows) {
      a += begin * (step_.trans_a ? 1 : step_.lda);
      c += begin * step_.ldc;
      m = count;
    } else {
      b += begin * (step_.trans_b ? step_.ldb : 1);
      c += begin;
      n = count;
    }
    if (step_.k == 0) {
      if (!step_.accumulate) Clear(m, n, c);
      return;
    }
    int64_t ldb = step_.ldb;
    if (turns_b_) {
      T* turned = reinterpret_cast<T*>(pool_.Scratch(worker, n * step_.k * sizeof(T)));
      Transpose(b, ldb, n, step_.k, turned, n);
      b = turned;
      ldb = n;
    }
    Gemm(step_.trans_a ? CblasTrans : CblasNoTrans,
         step_.trans_b && !turns_b_ ? CblasTrans : CblasNoTrans, static_cast<int>(m),
         static_cast<int>(n), static_cast<int>(step_.k), a, static_cast<int>(step_.lda), b,
         static_cast<int>(ldb), step_.accumulate ? T{1} : T{0}, c, static_cast<int>(step_.ldc));
  }

  void Clear(int64_t m, int64_t n, T* c) const {
    for (int64_t row = 0; row < m; ++row) std::fill_n(c + row * step_.ldc, n, T{0});
  }

  const MatmulStep& step_;
  int64_t m_;
  ThreadPool& pool_;
  const T* a_;
  const T* b_;
  T* c_;
  Batch batch_;
  int64_t blocks_ = 1;
  bool turns_b_ = false;
};

}  // namespace

void Matmul(const MatmulStep& step, const Context& context) {
  if (step.dtype == DType::kFloat64) {
    Product<double>(step, context).Run();
  } else {
    Product<float>(step, context).Run();
  }
}

}  // namespace glocal::cpu::GLOCAL_SIMD
