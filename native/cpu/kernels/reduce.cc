// Fused expressions, reduced. The iteration space is seen as outer × reduced ×
// inner × tail, where inner are the kept dimensions that lie closer in memory
// than most reduced ones: none for row sums, all for column sums. The tail are
// reduced dimensions that lie closer still; they count as columns until the end.
// Sums are taken in the compute type within a tile and in double across tiles;
// long reductions are cut in chunks of a fixed size, combined in order.
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "cpu/kernels/entries.h"
#include "cpu/kernels/evaluator.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

template <class T, ReduceKind kKind>
inline T Combine(T a, T b) {
  if constexpr (kKind == ReduceKind::kSum) return a + b;
  return kKind == ReduceKind::kMax ? Max(a, b) : Min(a, b);
}

template <class T, ReduceKind kKind>
inline constexpr T kIdentity = kKind == ReduceKind::kSum   ? T(0)
                               : kKind == ReduceKind::kMax ? -std::numeric_limits<T>::infinity()
                                                           : std::numeric_limits<T>::infinity();

// Reduces rows × width numbers over the rows; the result is the first row of `fold`, which has room
// for half of them and one row more. Pairs of halves: long loops, and small rounding errors.
template <class T, ReduceKind kKind>
void FoldRows(const T* from, int rows, int width, T* fold) {
  if (rows == 1) {
    std::memcpy(fold, from, static_cast<size_t>(width) * sizeof(T));
    return;
  }
  while (rows > 1) {
    const int half = rows / 2;
    const int count = half * width;
    const T* second = from + count;
#pragma GCC ivdep
    for (int i = 0; i < count; i++) fold[i] = Combine<T, kKind>(from[i], second[i]);
    if (rows % 2 != 0) {
      const T* odd = from + 2 * count;
#pragma GCC ivdep
      for (int i = 0; i < width; i++) fold[i] = Combine<T, kKind>(fold[i], odd[i]);
    }
    from = fold;
    rows = half;
  }
}

// Reduces n numbers to one.
template <class T, ReduceKind kKind>
T FoldRow(const T* from, int n, T* fold) {
  constexpr int kLanes = 32;
  T result = kIdentity<T, kKind>;
  const int rows = n / kLanes;
  if (rows > 0) {
    FoldRows<T, kKind>(from, rows, kLanes, fold);
    FoldRows<T, kKind>(fold, kLanes, 1, fold);
    result = fold[0];
  }
  for (int i = rows * kLanes; i < n; i++) result = Combine<T, kKind>(result, from[i]);
  return result;
}

// How the iteration space is walked.
struct Layout {
  Space space;
  int64_t outer = 1, reduced = 1, inner = 1, tail = 1;
  int64_t width() const { return inner * tail; }
};

// Orders the dimensions with the first `split` kept ones outermost and the other kept ones inside
// the reduced ones, of which the last `tails` lie innermost.
Layout LayoutFor(const ReduceStep& step, int split, int tails) {
  const std::vector<int64_t>& dims = step.expression.dims;
  const int rank = static_cast<int>(dims.size());
  const int kept = rank - step.reduced;
  Layout layout;
  const auto add = [&](int begin, int end, int64_t& size) {
    for (int i = begin; i < end; i++) {
      layout.space.order[layout.space.rank++] = i;
      size *= dims[i];
    }
  };
  add(0, split, layout.outer);
  add(kept, rank - tails, layout.reduced);
  add(split, kept, layout.inner);
  add(rank - tails, rank, layout.tail);
  return layout;
}

// What loading costs in this order, in arbitrary units for each element.
int64_t LoadCost(const ReduceStep& step, const Layout& layout, const Context& context) {
  int64_t cost = 0;
  for (const View& view : step.expression.loads) {
    const Operand operand = Flatten(view, step.expression.dims, layout.space, context);
    if (operand.pattern == Pattern::kScalar || operand.pattern == Pattern::kContiguous) continue;
    const int last = operand.rank - 1;
    const bool close = operand.strides[last] == 0 || operand.strides[last] == 1;
    const bool blocks = operand.pattern == Pattern::kBlocks;
    cost += blocks ? 1 : close ? 1 + 32 / operand.dims[last] : 64;
  }
  return cost;
}

// The longest tail.
constexpr int64_t kLongestTail = 256;

Layout BestLayout(const ReduceStep& step, const Context& context) {
  const int kept = static_cast<int>(step.expression.dims.size()) - step.reduced;
  Layout best = LayoutFor(step, kept, 0);
  int64_t best_cost = LoadCost(step, best, context);
  const auto consider = [&](const Layout& layout) {
    const int64_t cost = LoadCost(step, layout, context);
    if (cost >= best_cost) return;
    best = layout;
    best_cost = cost;
  };
  for (int split = kept - 1; split >= 0; split--) {
    for (int tails = 0; tails < Larger(1, step.reduced) && best_cost > 0; tails++) {
      const Layout layout = LayoutFor(step, split, tails);
      if (layout.tail <= kLongestTail) consider(layout);
    }
  }
  return best;
}

template <class T, ReduceKind kKind>
class Reduction {
 public:
  Reduction(const ReduceStep& step, const Layout& layout, const Context& context)
      : step_(step),
        context_(context),
        layout_(layout),
        evaluator_(step.expression, layout.space, context) {
    Space kept;
    kept.rank = static_cast<int>(step.expression.dims.size()) - step.reduced;
    for (int i = 0; i < kept.rank; i++) kept.order[i] = i;
    for (const RegisterView& output : step.outputs) {
      outputs_.push_back(Flatten(output.view, step.expression.dims, kept, context));
      evaluator_.Keep(output.reg);
    }
    evaluator_.AssignTiles();
  }

  void Run() {
    if (layout_.width() == 1 && layout_.reduced <= kTile<T>) {
      ShortRows();
    } else {
      Chunks();
    }
  }

 private:
  static int64_t RowsPerTile(int64_t width) { return Larger(1, kTile<T> / width); }

  // Scratch of a worker: the evaluator's, a tile to fold in, and `sums` accumulators.
  struct Workspace {
    std::byte* evaluator;
    T* fold;
    double* sums;
  };
  Workspace Prepare(int worker, int64_t sums) const {
    const size_t registers = evaluator_.ScratchBytes();
    const size_t fold = kTile<T> * sizeof(T);
    std::byte* scratch = context_.pool->Scratch(
        worker, registers + fold + static_cast<size_t>(sums) * sizeof(double));
    evaluator_.Begin(scratch);
    return {scratch, reinterpret_cast<T*>(scratch + registers),
            reinterpret_cast<double*>(scratch + registers + fold)};
  }

  // Several whole rows to a tile.
  void ShortRows() const {
    const int64_t size = layout_.reduced;
    const int64_t rows_per_tile = RowsPerTile(size);
    const int64_t grain =
        CeilDivide(ElementsPerTask(step_.expression), rows_per_tile * size) * rows_per_tile;
    ForPieces(context_, layout_.outer, grain, [&](int64_t begin, int64_t end, int worker) {
      const Workspace work = Prepare(worker, kTile<T>);
      T* results = reinterpret_cast<T*>(work.sums);
      for (int64_t row = begin; row < end; row += rows_per_tile) {
        const int rows = static_cast<int>(Smaller(rows_per_tile, end - row));
        const int width = static_cast<int>(size);
        evaluator_.Run(work.evaluator, row * size, rows * width);
        for (size_t o = 0; o < outputs_.size(); o++) {
          const T* values = evaluator_.Value(work.evaluator, step_.outputs[o].reg);
          for (int i = 0; i < rows; i++) {
            results[i] = FoldRow<T, kKind>(values + i * width, width, work.fold);
          }
          StoreTile(outputs_[o], row, rows, results);
        }
      }
    });
  }

  // One unit of work: a chunk of the reduced range for a block of the inner range.
  struct Unit {
    int64_t outer, chunk;
    int64_t row_begin, row_end;     // of the reduced range
    int64_t column_begin, columns;  // of the inner range and its tails
  };

  // Long reductions and reductions over rows: a first pass leaves one partial result for each
  // chunk, a second combines them.
  void Chunks() {
    const bool flat = layout_.width() == 1;
    // Whole tails.
    block_ = Smaller(layout_.width(), kTile<T> / layout_.tail * layout_.tail);
    rows_per_tile_ = flat ? kTile<T> : RowsPerTile(block_);
    blocks_ = CeilDivide(layout_.width(), block_);
    const int64_t tiles = Larger(1, ElementsPerTask(step_.expression) / (rows_per_tile_ * block_));
    rows_per_chunk_ = rows_per_tile_ * tiles;
    chunks_ = CeilDivide(layout_.reduced, rows_per_chunk_);
    kept_ = layout_.outer * layout_.inner;

    const int64_t units = layout_.outer * chunks_ * blocks_;
    const int64_t unit_size = Smaller(rows_per_chunk_, layout_.reduced) * block_;
    const int64_t grain = Larger(1, ElementsPerTask(step_.expression) / unit_size);
    const auto outputs = static_cast<int64_t>(outputs_.size());
    if (chunks_ > 1) partials_.reset(new double[static_cast<size_t>(outputs * chunks_ * kept_)]);
    ForPieces(context_, units, grain, [&](int64_t begin, int64_t end, int worker) {
      const Workspace work = Prepare(worker, outputs * block_);
      for (int64_t i = begin; i < end; i++) RunUnit(UnitAt(i), work);
    });
    if (chunks_ > 1) CombineChunks();
  }

  Unit UnitAt(int64_t i) const {
    Unit unit;
    const int64_t block = i % blocks_;
    unit.chunk = i / blocks_ % chunks_;
    unit.outer = i / blocks_ / chunks_;
    unit.row_begin = unit.chunk * rows_per_chunk_;
    unit.row_end = Smaller(layout_.reduced, unit.row_begin + rows_per_chunk_);
    unit.column_begin = block * block_;
    unit.columns = Smaller(block_, layout_.width() - unit.column_begin);
    return unit;
  }

  void RunUnit(const Unit& unit, const Workspace& work) const {
    const auto outputs = static_cast<int64_t>(outputs_.size());
    for (int64_t i = 0; i < outputs * block_; i++) work.sums[i] = kIdentity<double, kKind>;
    const int width = static_cast<int>(unit.columns);
    for (int64_t row = unit.row_begin; row < unit.row_end; row += rows_per_tile_) {
      const int rows = static_cast<int>(Smaller(rows_per_tile_, unit.row_end - row));
      const int64_t begin =
          (unit.outer * layout_.reduced + row) * layout_.width() + unit.column_begin;
      evaluator_.Run(work.evaluator, begin, rows * width);
      for (int64_t o = 0; o < outputs; o++) {
        const T* values = evaluator_.Value(work.evaluator, step_.outputs[o].reg);
        double* sums = work.sums + o * block_;
        if (layout_.width() == 1) {
          const T folded = FoldRow<T, kKind>(values, rows, work.fold);
          sums[0] = Combine<double, kKind>(sums[0], static_cast<double>(folded));
          continue;
        }
        FoldRows<T, kKind>(values, rows, width, work.fold);
#pragma GCC ivdep
        for (int i = 0; i < width; i++) {
          sums[i] = Combine<double, kKind>(sums[i], static_cast<double>(work.fold[i]));
        }
      }
    }
    const int64_t at = unit.outer * layout_.inner + unit.column_begin / layout_.tail;
    const int results = width / static_cast<int>(layout_.tail);
    for (int64_t o = 0; o < outputs; o++) {
      double* sums = work.sums + o * block_;
      if (layout_.tail > 1) FoldTails(sums, results);
      if (chunks_ == 1) {
        Finish(o, at, results, sums, work.fold);
      } else {
        std::memcpy(Partial(o, unit.chunk) + at, sums,
                    static_cast<size_t>(results) * sizeof(double));
      }
    }
  }

  void FoldTails(double* sums, int results) const {
    const auto tail = static_cast<int>(layout_.tail);
    for (int i = 0; i < results; i++) {
      double result = sums[i * tail];
      for (int j = 1; j < tail; j++) result = Combine<double, kKind>(result, sums[i * tail + j]);
      sums[i] = result;
    }
  }

  double* Partial(int64_t output, int64_t chunk) const {
    return partials_.get() + (output * chunks_ + chunk) * kept_;
  }

  // Rounds to the compute type and stores; at most a tile at a time.
  void Finish(int64_t output, int64_t at, int n, const double* sums, T* rounded) const {
    for (int i = 0; i < n; i++) rounded[i] = static_cast<T>(sums[i]);
    StoreTile(outputs_[static_cast<size_t>(output)], at, n, rounded);
  }

  void CombineChunks() const {
    const int64_t grain = kTile<T>;
    ForPieces(context_, kept_, grain, [&](int64_t begin, int64_t end, int worker) {
      const Workspace work = Prepare(worker, kTile<T>);
      for (int64_t at = begin; at < end; at += kTile<T>) {
        const int n = static_cast<int>(Smaller(kTile<T>, end - at));
        for (size_t o = 0; o < outputs_.size(); o++) {
          for (int i = 0; i < n; i++) work.sums[i] = kIdentity<double, kKind>;
          for (int64_t chunk = 0; chunk < chunks_; chunk++) {
            const double* partial = Partial(static_cast<int64_t>(o), chunk) + at;
#pragma GCC ivdep
            for (int i = 0; i < n; i++) {
              work.sums[i] = Combine<double, kKind>(work.sums[i], partial[i]);
            }
          }
          Finish(static_cast<int64_t>(o), at, n, work.sums, work.fold);
        }
      }
    });
  }

  const ReduceStep& step_;
  const Context& context_;
  Layout layout_;
  Evaluator<T> evaluator_;
  std::vector<Operand> outputs_;

  int64_t block_ = 1, blocks_ = 1;  // columns of a unit, units across the columns
  int64_t rows_per_tile_ = 1, rows_per_chunk_ = 1, chunks_ = 1;
  int64_t kept_ = 1;
  std::unique_ptr<double[]> partials_;
};

// The reduction of nothing.
template <class T, ReduceKind kKind>
void StoreIdentity(const ReduceStep& step, int64_t kept, const Context& context) {
  Space space;
  space.rank = static_cast<int>(step.expression.dims.size()) - step.reduced;
  for (int i = 0; i < space.rank; i++) space.order[i] = i;
  const T identity = kIdentity<T, kKind>;
  for (const RegisterView& output : step.outputs) {
    const Operand to = Flatten(output.view, step.expression.dims, space, context);
    for (int64_t i = 0; i < kept; i++) StoreTile(to, i, 1, &identity);
  }
}

template <class T, ReduceKind kKind>
void Run(const ReduceStep& step, const Context& context) {
  const std::vector<int64_t>& dims = step.expression.dims;
  const auto split = dims.end() - step.reduced;
  const auto product = [](auto begin, auto end) {
    return std::accumulate(begin, end, int64_t{1}, std::multiplies<int64_t>());
  };
  const int64_t kept = product(dims.begin(), split);
  if (kept == 0) return;
  if (product(split, dims.end()) == 0) return StoreIdentity<T, kKind>(step, kept, context);
  Reduction<T, kKind>(step, BestLayout(step, context), context).Run();
}

template <class T>
void RunKind(const ReduceStep& step, const Context& context) {
  switch (step.kind) {
    case ReduceKind::kSum:
      return Run<T, ReduceKind::kSum>(step, context);
    case ReduceKind::kMax:
      return Run<T, ReduceKind::kMax>(step, context);
    case ReduceKind::kMin:
      return Run<T, ReduceKind::kMin>(step, context);
  }
}

}  // namespace

void Reduce(const ReduceStep& step, const Context& context) {
  step.expression.compute == DType::kFloat32 ? RunKind<float>(step, context)
                                             : RunKind<double>(step, context);
}

}  // namespace glocal::cpu::GLOCAL_SIMD
