// Evaluates a fused expression tile by tile. A tile is a run of the flattened
// iteration space short enough for all registers to stay in the first cache.
#pragma once

#include <vector>

#include "cpu/kernels/instructions.h"
#include "cpu/kernels/operand.h"

namespace glocal::cpu::GLOCAL_SIMD {

// Elements of a tile.
template <class T>
inline constexpr int kTile = 4096 / static_cast<int>(sizeof(T));

// The iteration space, in the order in which it is flattened: dimension i is order[i] of the
// expression's.
struct Space {
  int rank = 0;
  int order[kMaxRank];
};

inline Operand Flatten(const View& view, const std::vector<int64_t>& dims, const Space& space,
                       const Context& context) {
  Operand operand;
  operand.base = context.At<std::byte>(view.ref);
  operand.dtype = view.dtype;
  for (int i = 0; i < space.rank; i++) {
    operand.Append(dims[space.order[i]], view.strides[space.order[i]]);
  }
  operand.Classify();
  return operand;
}

template <class T>
class Evaluator {
 public:
  Evaluator(const Expression& expression, const Space& space, const Context& context)
      : expression_(expression), space_(space) {
    registers_.resize(expression.loads.size() + expression.code.size());
    for (size_t i = 0; i < expression.loads.size(); i++) {
      Register& r = registers_[i];
      r.operand = Flatten(expression.loads[i], expression.dims, space, context);
      r.home = HomeOf(r.operand);
    }
    for (size_t i = 0; i < expression.code.size(); i++) {
      const Instruction& instruction = expression.code[i];
      Register& r = registers_[expression.loads.size() + i];
      r.home = instruction.op == Op::kConstant ? Home::kFixed : Home::kTile;
      r.last_use = static_cast<int>(i);
      if (IsLeaf(instruction.op)) continue;
      for (const int32_t a : instruction.args) registers_[a].last_use = static_cast<int>(i);
    }
  }

  // The register is read after the tile, so its place must last.
  void Keep(int reg) { registers_[reg].last_use = kForever; }

  // Lets the register be computed straight into `store`, if nothing is lost by it. All registers
  // must have been kept before.
  bool TryStoreInPlace(int reg, const Operand& store) {
    Register& r = registers_[reg];
    const int loads = static_cast<int>(expression_.loads.size());
    if (reg < loads || r.home != Home::kTile) return false;
    if (store.pattern != Pattern::kContiguous || store.dtype != kDTypeOf<T>) return false;
    for (int i = 0; i < loads; i++) {
      const Register& load = registers_[i];
      // A later instruction would read what this one has overwritten.
      if (ReadsCallersMemory(load) && load.last_use > reg - loads && load.operand.Overlaps(store)) {
        return false;
      }
    }
    r.home = Home::kInPlace;
    r.operand = store;
    return true;
  }

  // A load that a store may overwrite before another store has read it must be copied.
  void Protect(int reg, const Operand& store) {
    if (reg >= static_cast<int>(expression_.loads.size())) return;
    Register& r = registers_[reg];
    if (ReadsCallersMemory(r) && r.operand.Overlaps(store)) r.home = Home::kTile;
  }

  // Gives every register a tile. Tiles are reused once their register has been read for the last
  // time.
  void AssignTiles() {
    std::vector<size_t> free;
    const auto add = [&](size_t elements) {
      const size_t tile = tile_bytes_;
      tile_bytes_ += (elements * sizeof(T) + 63) & ~size_t{63};
      return tile;
    };
    const auto take = [&] {
      if (free.empty()) return add(kTile<T>);
      const size_t tile = free.back();
      free.pop_back();
      return tile;
    };
    FindPairs();
    for (Register& r : registers_) {
      if (r.home == Home::kFixed) r.tile = add(kTile<T>);
      if (r.home == Home::kHeld) r.tile = add(HeldElements(r.operand));
    }
    const size_t loads = expression_.loads.size();
    for (size_t i = 0; i < loads; i++) {
      const Home home = registers_[i].home;
      if (home == Home::kTile || home == Home::kOftenInPlace) registers_[i].tile = take();
    }
    std::vector<bool> released(registers_.size());
    for (size_t i = 0; i < expression_.code.size(); i++) {
      const auto release = [&](const Instruction& instruction) {
        for (const int32_t a : instruction.args) {
          const Register& r = registers_[a];
          const bool has_tile = r.home == Home::kTile || r.home == Home::kOftenInPlace;
          if (IsLeaf(instruction.op) || !has_tile || released[a]) continue;
          if (r.last_use != static_cast<int>(i) || a >= static_cast<int>(loads + i)) continue;
          released[a] = true;
          free.push_back(r.tile);
        }
      };
      if (i > 0 && registers_[loads + i - 1].home == Home::kNone) release(expression_.code[i - 1]);
      release(expression_.code[i]);
      if (registers_[loads + i].home == Home::kTile) registers_[loads + i].tile = take();
    }
  }

  // Scratch that a worker needs, a multiple of 64 bytes.
  size_t ScratchBytes() const { return HeaderBytes() + tile_bytes_; }

  // Fills the registers that stay the same in every tile.
  void Begin(std::byte* scratch) const {
    T** values = reinterpret_cast<T**>(scratch);
    const size_t loads = expression_.loads.size();
    for (size_t i = 0; i < registers_.size(); i++) {
      const Register& r = registers_[i];
      if (r.home == Home::kInPlace) continue;
      values[i] = TileOf(scratch, r);
      if (r.home == Home::kHeld) HeldSpans(scratch)[i] = -1;
      if (r.home != Home::kFixed) continue;
      if (i < loads) {
        LoadTile(r.operand, 0, kTile<T>, values[i]);
      } else {
        const T value = static_cast<T>(expression_.code[i - loads].value);
        for (int j = 0; j < kTile<T>; j++) values[i][j] = value;
      }
    }
  }

  // Evaluates elements [begin, begin + n); n is at most kTile.
  void Run(std::byte* scratch, int64_t begin, int n) const {
    T** values = reinterpret_cast<T**>(scratch);
    const size_t loads = expression_.loads.size();
    for (size_t i = 0; i < loads; i++) {
      const Register& r = registers_[i];
      values[i] = r.home == Home::kHeld ? Held(scratch, i, begin, n) : Loaded(scratch, r, begin, n);
    }
    for (size_t i = loads; i < registers_.size(); i++) {
      const Register& r = registers_[i];
      if (r.home == Home::kInPlace) values[i] = reinterpret_cast<T*>(r.operand.base) + begin;
    }
    for (size_t i = 0; i < expression_.code.size(); i++) {
      const Instruction& instruction = expression_.code[i];
      T* out = values[loads + i];
      if (registers_[loads + i].home == Home::kNone) {
        RunPairAt(i, values, n);
        i++;
        continue;
      }
      if (instruction.op == Op::kIota) {
        Iota(instruction.args[0], begin, n, out);
        continue;
      }
      const int32_t* args = instruction.args;
      RunInstruction(instruction.op, n, out, values[args[0]], values[args[1]], values[args[2]]);
    }
  }

  const T* Value(const std::byte* scratch, int reg) const {
    return reinterpret_cast<T* const*>(scratch)[reg];
  }

 private:
  static constexpr int kForever = 1 << 30;
  enum class Home {
    kInPlace,       // memory of the caller
    kOftenInPlace,  // likewise, where a tile does not straddle two runs; else a tile
    kFixed,         // a tile filled once
    kHeld,          // a tile of one block, filled anew when another block begins
    kTile,          // a tile filled anew each time
    kNone,          // none: the next instruction computes it along the way
  };
  struct Register {
    Home home = Home::kTile;
    size_t tile = 0;    // bytes from the first tile
    int last_use = -1;  // the last instruction that reads it
    Operand operand;
  };

  static Home HomeOf(const Operand& load) {
    if (load.pattern == Pattern::kScalar) return Home::kFixed;
    if (load.pattern == Pattern::kBlocks && (load.block_dim == 1 || load.span >= kTile<T>)) {
      return Home::kHeld;
    }
    if (load.dtype != kDTypeOf<T>) return Home::kTile;
    if (load.pattern == Pattern::kContiguous) return Home::kInPlace;
    const int last = load.rank - 1;
    return load.strides[last] == 1 && load.dims[last] > kTile<T> ? Home::kOftenInPlace
                                                                 : Home::kTile;
  }

  // Finds instructions that only the next one reads, once, and that one pass computes with it.
  void FindPairs() {
    const std::vector<Instruction>& code = expression_.code;
    const auto loads = static_cast<int32_t>(expression_.loads.size());
    for (size_t i = 0; i + 1 < code.size(); i++) {
      const int32_t reg = loads + static_cast<int32_t>(i);
      const Instruction& next = code[i + 1];
      const bool once = (next.args[0] == reg) != (next.args[1] == reg);
      if (!Pairs(code[i].op, next.op) || !once) continue;
      Register& r = registers_[static_cast<size_t>(reg)];
      if (r.home != Home::kTile || r.last_use != static_cast<int>(i) + 1) continue;
      r.home = Home::kNone;
      // The pair reads what its first half reads.
      for (int j = 0; j < 2; j++) {
        Register& a = registers_[static_cast<size_t>(code[i].args[j])];
        if (a.last_use == static_cast<int>(i)) a.last_use++;
      }
      i++;
    }
  }

  void RunPairAt(size_t i, T* const* values, int n) const {
    const Instruction& first = expression_.code[i];
    const Instruction& second = expression_.code[i + 1];
    const auto reg = static_cast<int32_t>(expression_.loads.size() + i);
    const bool leads = second.args[0] == reg;
    const Then then = second.op == Op::kAdd   ? Then::kAdd
                      : second.op == Op::kMul ? Then::kMul
                      : leads                 ? Then::kSub
                                              : Then::kFrom;
    RunPair(first.op, then, n, values[reg + 1], values[first.args[0]], values[first.args[1]],
            values[second.args[leads ? 1 : 0]]);
  }

  static bool ReadsCallersMemory(const Register& r) {
    return r.home == Home::kInPlace || r.home == Home::kOftenInPlace;
  }

  T* TileOf(std::byte* scratch, const Register& r) const {
    return reinterpret_cast<T*>(scratch + HeaderBytes() + r.tile);
  }

  // A block repeated this often has every tile of its span in it, from some phase on.
  static size_t HeldElements(const Operand& load) {
    return static_cast<size_t>(Smaller(kTile<T> + load.period, load.span));
  }

  // For each register at home in kHeld, the span whose block is in its tile.
  int64_t* HeldSpans(std::byte* scratch) const {
    return reinterpret_cast<int64_t*>(scratch + registers_.size() * sizeof(T*));
  }

  T* Held(std::byte* scratch, size_t reg, int64_t begin, int n) const {
    const Operand& load = registers_[reg].operand;
    int64_t& held = HeldSpans(scratch)[reg];
    T* tile = TileOf(scratch, registers_[reg]);
    const int64_t index = begin / load.span;
    const int64_t inside = begin % load.span;
    if (inside + n > load.span) {
      held = -1;
      LoadTile(load, begin, n, tile);
      return tile;
    }
    if (held != index) {
      held = index;
      LoadTile(load, index * load.span, static_cast<int>(HeldElements(load)), tile);
    }
    return tile + inside % load.period;
  }

  // Where elements [begin, begin + n) of a load are, after copying or converting where needed.
  T* Loaded(std::byte* scratch, const Register& r, int64_t begin, int n) const {
    T* base = reinterpret_cast<T*>(r.operand.base);
    if (r.home == Home::kInPlace) return base + begin;
    if (r.home == Home::kOftenInPlace) {
      const int64_t offset = r.operand.SideBySide(begin, n);
      if (offset >= 0) return base + offset;
    }
    T* tile = TileOf(scratch, r);
    if (r.home != Home::kFixed) LoadTile(r.operand, begin, n, tile);
    return tile;
  }

  static bool IsLeaf(Op op) { return op == Op::kConstant || op == Op::kIota; }

  size_t HeaderBytes() const {
    return (registers_.size() * (sizeof(T*) + sizeof(int64_t)) + 63) & ~size_t{63};
  }

  void Iota(int dim, int64_t begin, int n, T* out) const {
    int64_t inner = 1;
    for (int i = space_.rank - 1; space_.order[i] != dim; i--) {
      inner *= expression_.dims[space_.order[i]];
    }
    int64_t value = begin / inner % expression_.dims[dim];
    int64_t run = inner - begin % inner;
    for (int at = 0; at < n; run = inner) {
      const int end = static_cast<int>(Smaller(n, at + run));
      for (; at < end; at++) out[at] = static_cast<T>(value);
      if (++value == expression_.dims[dim]) value = 0;
    }
  }

  const Expression& expression_;
  Space space_;
  std::vector<Register> registers_;
  size_t tile_bytes_ = 0;
};

// Elements that one task should take: enough to be worth handing over, given how many
// instructions each costs.
inline int64_t ElementsPerTask(const Expression& e) {
  const int64_t cost = static_cast<int64_t>(1 + e.loads.size() + e.code.size());
  return Larger(8192, Smaller(65536, 262144 / cost));
}

}  // namespace glocal::cpu::GLOCAL_SIMD
