#include "cuda/issuer.h"

#include <type_traits>
#include <variant>

#include "cuda/buffer.h"
#include "number_reader.h"

namespace glocal::cuda {
namespace {

// A float of these bytes is a NaN.
constexpr unsigned char kPoison = 0xff;

const CudaExecutable& ExecutableOf(const CallCommand& call) {
  return static_cast<const CudaExecutable&>(*call.executable);
}

CUdeviceptr AddressOf(const Place& place) {
  return static_cast<const CudaBuffer*>(place.buffer)->address() + place.offset;
}

}  // namespace

int64_t LaunchesOf(const Command& command) {
  const auto* call = std::get_if<CallCommand>(&command);
  return call ? static_cast<int64_t>(ExecutableOf(*call).launches().size()) : 1;
}

void Issuer::Issue(const Command& command, const DeviceMemory& arena) {
  std::visit([&](const auto& c) { Issue(c, arena); }, command);
}

void Issuer::Issue(const CallCommand& call, const DeviceMemory& arena) {
  const CudaExecutable& executable = ExecutableOf(call);
  arena_ = arena.address();
  slots_.clear();
  for (const Place& place : call.slots) slots_.push_back(AddressOf(place));
  if (executable.poison()) Fill(arena_, kPoison, executable.arena_bytes());
  for (const glocal::cuda::Launch& launch : executable.launches()) {
    std::visit([&](const auto& l) { Launch(executable, l); }, launch);
  }
}

void Issuer::Issue(const CopyCommand& copy, const DeviceMemory&) {
  const CUdeviceptr from = AddressOf(copy.from), to = AddressOf(copy.to);
  if (copy.bytes == 0 || from == to) return;
  const CUdeviceptr apart = from < to ? to - from : from - to;
  if (apart < static_cast<CUdeviceptr>(copy.bytes)) {
    ThrowExpected("a copy between places that do not overlap", "places that do");
  }
  context_->Call("cuMemcpyDtoDAsync", &Driver::cuMemcpyDtoDAsync_v2, to, from,
                 static_cast<size_t>(copy.bytes), stream_.get());
}

void Issuer::Issue(const ZeroCommand& zero, const DeviceMemory&) {
  Fill(AddressOf(zero.at), 0, zero.bytes);
}

void Issuer::Launch(const CudaExecutable& executable, const KernelLaunch& launch) {
  parameters_.clear();
  for (const Argument& argument : launch.arguments) {
    parameters_.push_back(argument.is_address ? Address(argument.ref)
                                              : static_cast<uint64_t>(argument.value));
  }
  size_t bytes = parameters_.size() * sizeof(uint64_t);
  const auto key = [](int value) { return reinterpret_cast<void*>(static_cast<intptr_t>(value)); };
  void* extra[] = {key(kLaunchParamBufferPointer), parameters_.data(), key(kLaunchParamBufferSize),
                   &bytes, key(kLaunchParamEnd)};
  const CUresult result = context_->driver().cuLaunchKernel(
      executable.function(launch.kernel), launch.grid[0], launch.grid[1], launch.grid[2],
      launch.block[0], launch.block[1], launch.block[2], 0, stream_.get(), nullptr,
      bytes == 0 ? nullptr : extra);
  if (result != kCudaSuccess) {
    ThrowFailure("a launch of the kernel " + executable.kernel_name(launch.kernel),
                 Describe(context_->driver(), result), result == kCudaOutOfMemory);
  }
}

void Issuer::Launch(const CudaExecutable&, const ProductLaunch& product) {
  blas_.Launch(product, Address(product.a), Address(product.b), Address(product.c));
}

void Issuer::Launch(const CudaExecutable&, const ZeroLaunch& zero) {
  Fill(Address(zero.at), 0, zero.bytes);
}

CUdeviceptr Issuer::Address(const Ref& ref) const {
  return (ref.slot ? slots_[ref.index] : arena_) + ref.offset;
}

void Issuer::Fill(CUdeviceptr at, unsigned char byte, int64_t bytes) {
  if (bytes == 0) return;
  context_->Call("cuMemsetD8Async", &Driver::cuMemsetD8Async, at, byte, static_cast<size_t>(bytes),
                 stream_.get());
}

}  // namespace glocal::cuda
