#include "cpu/program_runner.h"

#include <cstring>
#include <variant>

namespace glocal::cpu {
namespace {

void Poison(std::byte* arena, const Program& program) {
  std::memset(arena, 0xFF, static_cast<size_t>(program.arena_bytes));
}

}  // namespace

ProgramRunner::ProgramRunner(int threads, const Kernels& kernels)
    : kernels_(kernels), pool_(threads), workers_(static_cast<size_t>(pool_.threads())) {}

void ProgramRunner::Run(const Program& program, std::byte* const* slots, bool poison) {
  std::byte* arena = arena_.AtLeast(static_cast<size_t>(program.arena_bytes));
  if (poison) Poison(arena, program);
  const Context context = {arena, slots, &pool_};
  for (const Step& step : program.steps) RunStep(step, context, poison);
}

void ProgramRunner::RunStep(const Step& step, const Context& context, bool poison) {
  struct Visitor {
    ProgramRunner& runner;
    const Context& context;
    bool poison;
    void operator()(const MapStep& s) const { runner.kernels_.map(s, context); }
    void operator()(const ReduceStep& s) const { runner.kernels_.reduce(s, context); }
    void operator()(const ArgmaxStep& s) const { runner.kernels_.argmax(s, context); }
    void operator()(const MatmulStep& s) const { runner.kernels_.matmul(s, context); }
    void operator()(const ConvStep& s) const { runner.kernels_.conv(s, context); }
    void operator()(const PoolStep& s) const { runner.kernels_.pool(s, context); }
    void operator()(const GatherStep& s) const { runner.kernels_.gather(s, context); }
    void operator()(const RandomStep& s) const { runner.kernels_.random(s, context); }
    void operator()(const BlocksStep& s) const { runner.RunBlocks(s, context, poison); }
  };
  std::visit(Visitor{*this, context, poison}, step);
}

void ProgramRunner::RunBlocks(const BlocksStep& step, const Context& context, bool poison) {
  pool_.Run(step.parts, [&](int64_t part, int worker) {
    RunPart(step, part, context, workers_[static_cast<size_t>(worker)], poison);
  });
}

// The blocks of a part, in order. Every sum starts at zero.
void ProgramRunner::RunPart(const BlocksStep& step, int64_t part, const Context& context,
                            Worker& worker, bool poison) {
  const Program& program = *step.program;
  std::byte* arena = worker.arena.AtLeast(static_cast<size_t>(program.arena_bytes));
  worker.slots.resize(step.slots.size());
  for (size_t i = 0; i < step.slots.size(); i++) {
    const BlockSlot& slot = step.slots[i];
    if (slot.access != SlotAccess::kSum) continue;
    std::byte* sum = context.At<std::byte>(slot.ref) + part * slot.part_stride;
    std::memset(sum, 0, static_cast<size_t>(program.slots[i].bytes));
  }
  const Context own = {arena, worker.slots.data(), &worker.alone};
  const int64_t end = step.blocks * (part + 1) / step.parts;
  for (int64_t block = step.blocks * part / step.parts; block < end; block++) {
    for (size_t i = 0; i < step.slots.size(); i++) {
      const BlockSlot& slot = step.slots[i];
      worker.slots[i] =
          context.At<std::byte>(slot.ref) + block * slot.block_stride + part * slot.part_stride;
    }
    if (poison) Poison(arena, program);
    for (const Step& s : program.steps) RunStep(s, own, poison);
  }
}

}  // namespace glocal::cpu
