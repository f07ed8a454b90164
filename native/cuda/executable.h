// A program made ready for a CUDA device: its launches, and the functions they launch.
#pragma once

#include <memory>
#include <vector>

#include "cuda/launches.h"
#include "cuda/modules.h"
#include "device.h"

namespace glocal::cuda {

class CudaExecutable final : public Executable {
 public:
  CudaExecutable(const Device* device, std::shared_ptr<const Context> context,
                 const Compiler& compiler, FixedModules& fixed, const ProgramSource& source,
                 const CompileOptions& options);

  const std::vector<Slot>& slots() const override { return program_.slots; }
  int64_t arena_bytes() const override { return program_.arena_bytes; }

  const std::vector<Launch>& launches() const { return program_.launches; }
  CUfunction function(int32_t kernel) const { return functions_[kernel]; }
  const std::string& kernel_name(int32_t kernel) const { return names_[kernel]; }
  bool poison() const { return poison_; }

 private:
  LaunchProgram program_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<CUfunction> functions_;
  std::vector<std::string> names_;
  bool poison_;
};

}  // namespace glocal::cuda
