// A loaded module: a shared library that the mock's NVRTC made.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../common/abi.h"
#include "../device/module_abi.h"

namespace mock {

struct Range {
  char* start;
  size_t bytes;
};

class Module;

struct Function {
  std::string name;
  Module* module;
  const MockKernel* kernel;
  std::vector<Range> shared;  // its shared memory
  size_t parameter_bytes;
};

class Module {
 public:
  // Takes only what the mock's NVRTC made, for this chip.
  static CudaResult Load(const void* image, int chip, std::unique_ptr<Module>* module);
  ~Module();

  int number = 0;

  // Null if there is none. Lives as long as the module.
  Function* Find(const std::string& name);

  bool Owns(const void* function) const;

  // The line of CUDA text that an instruction comes from, as "conv.cu:12".
  std::string SourceOf(const void* instruction) const;

  // Tells the module where its threads are.
  void Enter(MockHere* here, const MockServices* services) const;

 private:
  struct Variable {
    std::string name;
    Range range;
  };

  // Shared memory of one kernel.
  struct Shared {
    std::vector<Range> own;
    std::vector<Range> perhaps;
  };

  Module() = default;
  void ReadSymbols(const char* library);
  void Distribute(const Variable& variable);
  bool SharedMemoryFits() const;

  int file_ = -1;
  void* library_ = nullptr;
  MockHere** here_ = nullptr;
  const MockServices** services_ = nullptr;
  std::map<std::string, Shared> shared_;  // of each kernel
  std::map<std::string, Function> functions_;
};

}  // namespace mock
