#include "cuda/modules.h"

#include <cstring>
#include <set>
#include <utility>

#include "cuda/reaper.h"

namespace glocal::cuda {
namespace {

bool IsForAnotherChip(CUresult result) {
  switch (result) {
    case kCudaInvalidImage:
    case kCudaNoBinaryForGpu:
    case kCudaInvalidPtx:
    case kCudaJitCompilerNotFound:
    case kCudaUnsupportedPtxVersion:
    case kCudaJitCompilationDisabled:
      return true;
    default:
      return false;
  }
}

const FixedFile& FileOf(const std::string& kernel) {
  const char* name = FixedFileOf(kernel);
  for (const FixedFile& file : FixedFiles()) {
    if (name && std::strcmp(file.name, name) == 0) return file;
  }
  throw CodedError("GLOCAL_CUDA", "the name of a fixed kernel", "\"" + kernel + "\"");
}

}  // namespace

Module::Module(std::shared_ptr<const Context> context, CUmodule module)
    : context_(std::move(context)), module_(module) {}

Module::Module(std::shared_ptr<const Context> context, const void* image)
    : context_(std::move(context)) {
  context_->MakeCurrent();
  context_->Call("cuModuleLoadData", &Driver::cuModuleLoadData, &module_, image);
}

std::unique_ptr<Module> Module::IfItFits(std::shared_ptr<const Context> context,
                                         const void* image) {
  CUmodule module = nullptr;
  context->MakeCurrent();
  const CUresult result = context->driver().cuModuleLoadData(&module, image);
  if (IsForAnotherChip(result)) return nullptr;
  Check(context->driver(), result, "cuModuleLoadData");
  return std::unique_ptr<Module>(new Module(std::move(context), module));
}

Module::~Module() {
  if (!module_) return;
  Reaper::Give([context = std::move(context_), module = module_] {
    context->MakeCurrent();
    context->driver().cuModuleUnload(module);
  });
}

CUfunction Module::Function(const std::string& kernel) const {
  CUfunction function = nullptr;
  context_->MakeCurrent();
  Check(context_->driver(),
        context_->driver().cuModuleGetFunction(&function, module_, kernel.c_str()),
        ("the search for the kernel " + kernel).c_str());
  return function;
}

std::vector<CUfunction> FixedModules::Functions(const std::vector<std::string>& kernels) {
  std::vector<const FixedFile*> files;
  for (const std::string& kernel : kernels) files.push_back(&FileOf(kernel));
  const std::lock_guard<std::mutex> lock(mutex_);
  Load(files);
  std::vector<CUfunction> functions;
  for (size_t i = 0; i < kernels.size(); i++) {
    functions.push_back(modules_.at(files[i])->Function(kernels[i]));
  }
  return functions;
}

void FixedModules::Load(const std::vector<const FixedFile*>& files) {
  std::set<const FixedFile*> to_compile;
  for (const FixedFile* file : files) {
    if (modules_.count(file) || to_compile.count(file)) continue;
    auto module = file->image ? Module::IfItFits(context_, file->image) : nullptr;
    if (module) {
      modules_[file] = std::move(module);
    } else {
      to_compile.insert(file);
    }
  }
  std::vector<std::string> texts;
  for (const FixedFile* file : to_compile) texts.push_back(file->text);
  const std::vector<std::string> images = compiler_.Compile(texts);
  size_t i = 0;
  for (const FixedFile* file : to_compile) {
    modules_[file] = std::make_unique<Module>(context_, images[i++].data());
  }
}

}  // namespace glocal::cuda
