#include "cuda/executable.h"

namespace glocal::cuda {

CudaExecutable::CudaExecutable(const Device* device, std::shared_ptr<const Context> context,
                               const Compiler& compiler, FixedModules& fixed,
                               const ProgramSource& source, const CompileOptions& options)
    : Executable(device), program_(DecodeLaunches(source)), poison_(options.poison) {
  for (const std::string& image : compiler.Compile(source.modules)) {
    modules_.push_back(std::make_unique<Module>(context, image.data()));
  }
  std::vector<std::string> fixed_kernels;
  for (const KernelName& kernel : source.kernels) {
    if (kernel.module < 0) fixed_kernels.push_back(kernel.name);
  }
  const std::vector<CUfunction> fixed_functions = fixed.Functions(fixed_kernels);
  auto next_fixed = fixed_functions.begin();
  for (const KernelName& kernel : source.kernels) {
    names_.push_back(kernel.name);
    functions_.push_back(kernel.module < 0 ? *next_fixed++
                                           : modules_[kernel.module]->Function(kernel.name));
  }
}

}  // namespace glocal::cuda
