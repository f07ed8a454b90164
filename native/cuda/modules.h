// Machine code loaded on a GPU.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cuda/compiler.h"
#include "cuda/context.h"
#include "cuda/fixed_kernels.h"

namespace glocal::cuda {

// Unloaded by the reaper.
class Module {
 public:
  // Throws what the driver says of `image`.
  Module(std::shared_ptr<const Context> context, const void* image);
  // Of an image that may not be meant for this chip: null if the driver says so.
  static std::unique_ptr<Module> IfItFits(std::shared_ptr<const Context> context,
                                          const void* image);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  CUfunction Function(const std::string& kernel) const;

 private:
  Module(std::shared_ptr<const Context> context, CUmodule module);

  std::shared_ptr<const Context> context_;
  CUmodule module_ = nullptr;
};

// The kernels of native/cuda/kernels. Each file is loaded when one of its kernels is first needed.
class FixedModules {
 public:
  FixedModules(std::shared_ptr<const Context> context, const Compiler& compiler)
      : context_(std::move(context)), compiler_(compiler) {}

  // The functions of these kernels, in order. Files that must be compiled are so side by side.
  std::vector<CUfunction> Functions(const std::vector<std::string>& kernels);

 private:
  void Load(const std::vector<const FixedFile*>& files);

  std::shared_ptr<const Context> context_;
  const Compiler& compiler_;
  std::mutex mutex_;
  std::map<const FixedFile*, std::unique_ptr<Module>> modules_;
};

}  // namespace glocal::cuda
