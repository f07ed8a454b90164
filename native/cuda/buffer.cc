#include "cuda/buffer.h"

#include <utility>

namespace glocal::cuda {

void Transfers::ToDevice(CUdeviceptr target, const void* source, int64_t bytes) const {
  if (bytes == 0) return;
  context_->MakeCurrent();
  context_->Call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, target, source,
                 static_cast<size_t>(bytes), stream_.get());
  stream_.Synchronize();
}

void Transfers::ToHost(void* target, CUdeviceptr source, int64_t bytes) const {
  if (bytes == 0) return;
  context_->MakeCurrent();
  context_->Call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, target, source,
                 static_cast<size_t>(bytes), stream_.get());
  stream_.Synchronize();
}

void Transfers::Zero(CUdeviceptr target, int64_t bytes) const {
  if (bytes == 0) return;
  context_->MakeCurrent();
  context_->Call("cuMemsetD8Async", &Driver::cuMemsetD8Async, target, 0, static_cast<size_t>(bytes),
                 stream_.get());
  stream_.Synchronize();
}

CudaBuffer::CudaBuffer(const Device* device, const std::shared_ptr<const Context>& context,
                       int64_t bytes, std::shared_ptr<const Transfers> transfers)
    : Buffer(device, bytes), memory_(context, bytes), transfers_(std::move(transfers)) {
  transfers_->Zero(address(), bytes);
}

void CudaBuffer::Write(int64_t offset, const void* source, int64_t bytes) {
  transfers_->ToDevice(address() + offset, source, bytes);
}

void CudaBuffer::Read(int64_t offset, void* target, int64_t bytes) const {
  transfers_->ToHost(target, address() + offset, bytes);
}

}  // namespace glocal::cuda
