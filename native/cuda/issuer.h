// Puts the work of commands into a stream, whether to be done or to be captured.
#pragma once

#include <memory>
#include <vector>

#include "cuda/blas.h"
#include "cuda/executable.h"
#include "cuda/memory.h"
#include "cuda/stream.h"
#include "job.h"

namespace glocal::cuda {

// How many launches a command is, about.
int64_t LaunchesOf(const Command& command);

class Issuer {
 public:
  Issuer(std::shared_ptr<const Context> context, const Stream& stream)
      : context_(context), stream_(stream), blas_(std::move(context), stream.get()) {}

  // `arena` is where programs have their arena.
  void Issue(const Command& command, const DeviceMemory& arena);

 private:
  void Issue(const CallCommand& call, const DeviceMemory& arena);
  void Issue(const CopyCommand& copy, const DeviceMemory&);
  void Issue(const ZeroCommand& zero, const DeviceMemory&);

  void Launch(const CudaExecutable& executable, const KernelLaunch& launch);
  void Launch(const CudaExecutable& executable, const ProductLaunch& launch);
  void Launch(const CudaExecutable& executable, const ZeroLaunch& launch);

  CUdeviceptr Address(const Ref& ref) const;
  void Fill(CUdeviceptr at, unsigned char byte, int64_t bytes);

  std::shared_ptr<const Context> context_;
  const Stream& stream_;
  Blas blas_;
  // Of the program that is being issued.
  CUdeviceptr arena_ = 0;
  std::vector<CUdeviceptr> slots_;
  std::vector<uint64_t> parameters_;
};

}  // namespace glocal::cuda
