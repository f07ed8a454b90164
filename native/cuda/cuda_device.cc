#include "cuda/cuda_device.h"

#include <cstdio>
#include <utility>

#include "cuda/buffer.h"
#include "cuda/chip.h"
#include "cuda/compiler.h"
#include "cuda/context.h"
#include "cuda/executable.h"
#include "cuda/linalg.h"
#include "cuda/modules.h"
#include "cuda/reaper.h"
#include "cuda/row_writer.h"
#include "cuda/runner.h"

namespace glocal::cuda {
namespace {

std::string Gigabytes(int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.0f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

class CudaDevice final : public Device {
 public:
  CudaDevice(std::shared_ptr<const Context> context, const std::string& cache_folder)
      : context_(std::move(context)),
        compiler_(context_->libraries(), TargetFor(context_->chip(), context_->libraries()),
                  cache_folder),
        fixed_(context_, compiler_),
        transfers_(MakeReaped<Transfers>(context_)),
        runner_(context_) {}

  int threads() const override { return 1; }
  std::string level() const override { return context_->chip().architecture(); }
  std::string description() const override {
    return context_->chip().name + ", " + Gigabytes(memory_bytes());
  }
  int64_t memory_bytes() const override { return context_->chip().memory_bytes; }

  std::unique_ptr<Buffer> Allocate(int64_t bytes) override {
    return std::make_unique<CudaBuffer>(this, context_, bytes, transfers_);
  }

  std::unique_ptr<Executable> Compile(const ProgramSource& source,
                                      const CompileOptions& options) override {
    return std::make_unique<CudaExecutable>(this, context_, compiler_, fixed_, source, options);
  }

  void WriteRows(Buffer& buffer, int64_t offset, const HostRows& rows) override {
    cuda::WriteRows(*transfers_, static_cast<CudaBuffer&>(buffer).address() + offset, rows);
  }

  void Run(Job& job, RunControl& control) override { runner_.Run(job, control); }

  Linalg* linalg() override {
    if (!linalg_) linalg_ = std::make_unique<Linalg>(context_, fixed_);
    return linalg_.get();
  }

 private:
  std::shared_ptr<const Context> context_;
  Compiler compiler_;
  FixedModules fixed_;
  std::shared_ptr<const Transfers> transfers_;
  Runner runner_;
  std::unique_ptr<Linalg> linalg_;
};

}  // namespace

std::shared_ptr<Device> CreateDevice(const CudaOptions& options) {
  const Driver& driver = OpenDriver(options.libraries);
  const Chip chip = UsableChip(AllChips(driver), options.ordinal);
  auto context =
      std::make_shared<const Context>(OpenLibraries(options.libraries), chip, options.ordinal);
  return MakeReaped<CudaDevice>(std::move(context), options.cache_folder);
}

}  // namespace glocal::cuda
