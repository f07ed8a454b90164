// Fused elementwise expressions.
#include <vector>

#include "cpu/kernels/entries.h"
#include "cpu/kernels/evaluator.h"

namespace glocal::cpu::GLOCAL_SIMD {
namespace {

template <class T>
void Run(const MapStep& step, const Context& context) {
  const Expression& e = step.expression;
  Space space;
  space.rank = static_cast<int>(e.dims.size());
  int64_t size = 1;
  for (int i = 0; i < space.rank; i++) {
    space.order[i] = i;
    size *= e.dims[i];
  }
  if (size == 0) return;

  Evaluator<T> evaluator(e, space, context);
  std::vector<Operand> stores;
  for (const RegisterView& s : step.stores) {
    stores.push_back(Flatten(s.view, e.dims, space, context));
    evaluator.Keep(s.reg);
  }
  for (const RegisterView& s : step.stores) {
    for (const Operand& store : stores) evaluator.Protect(s.reg, store);
  }
  std::vector<bool> stored;
  for (size_t i = 0; i < stores.size(); i++) {
    stored.push_back(evaluator.TryStoreInPlace(step.stores[i].reg, stores[i]));
  }
  evaluator.AssignTiles();

  const int64_t tile = kTile<T>;
  const int64_t grain = CeilDivide(ElementsPerTask(e), tile) * tile;
  ForPieces(context, size, grain, [&](int64_t begin, int64_t end, int worker) {
    std::byte* scratch = context.pool->Scratch(worker, evaluator.ScratchBytes());
    evaluator.Begin(scratch);
    for (int64_t at = begin; at < end; at += tile) {
      const int n = static_cast<int>(Smaller(tile, end - at));
      evaluator.Run(scratch, at, n);
      for (size_t i = 0; i < stores.size(); i++) {
        if (!stored[i]) StoreTile(stores[i], at, n, evaluator.Value(scratch, step.stores[i].reg));
      }
    }
  });
}

}  // namespace

void Map(const MapStep& step, const Context& context) {
  step.expression.compute == DType::kFloat32 ? Run<float>(step, context)
                                             : Run<double>(step, context);
}

}  // namespace glocal::cpu::GLOCAL_SIMD
