// A stream, and marks in it. Used with the context current.
#pragma once

#include <memory>
#include <utility>

#include "cuda/context.h"

namespace glocal::cuda {

// Waits for no other stream, and none waits for it.
class Stream {
 public:
  explicit Stream(std::shared_ptr<const Context> context) : context_(std::move(context)) {
    context_->MakeCurrent();
    context_->Call("cuStreamCreate", &Driver::cuStreamCreate, &stream_, kStreamNonBlocking);
  }
  ~Stream() {
    context_->MakeCurrent();
    context_->driver().cuStreamDestroy_v2(stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  CUstream get() const { return stream_; }
  void Synchronize() const {
    context_->Call("cuStreamSynchronize", &Driver::cuStreamSynchronize, stream_);
  }

 private:
  std::shared_ptr<const Context> context_;
  CUstream stream_ = nullptr;
};

// A place in a stream. Who waits for it sleeps.
class Event {
 public:
  explicit Event(std::shared_ptr<const Context> context) : context_(std::move(context)) {
    context_->MakeCurrent();
    context_->Call("cuEventCreate", &Driver::cuEventCreate, &event_,
                   kEventBlockingSync | kEventDisableTiming);
  }
  ~Event() {
    context_->MakeCurrent();
    context_->driver().cuEventDestroy_v2(event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Record(const Stream& stream) const {
    context_->Call("cuEventRecord", &Driver::cuEventRecord, event_, stream.get());
  }
  // Throws what went wrong in the stream before it: kernels fail long after they are launched.
  void Wait() const {
    const CUresult result = context_->driver().cuEventSynchronize(event_);
    if (result == kCudaSuccess) return;
    ThrowFailure("the work of a job", Describe(context_->driver(), result), false,
                 "Set CUDA_LAUNCH_BLOCKING=1 to learn which kernel it was.");
  }

 private:
  std::shared_ptr<const Context> context_;
  CUevent event_ = nullptr;
};

}  // namespace glocal::cuda
