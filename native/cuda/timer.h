// The GPU's own clock between two places in a stream.
#pragma once

#include <memory>
#include <utility>

#include "cuda/context.h"
#include "cuda/stream.h"

namespace glocal::cuda {

// Used and destroyed with the context current.
class Timer {
 public:
  explicit Timer(std::shared_ptr<const Context> context) : context_(std::move(context)) {
    context_->Call("cuEventCreate", &Driver::cuEventCreate, &began_, 0u);
    context_->Call("cuEventCreate", &Driver::cuEventCreate, &ended_, 0u);
  }
  ~Timer() {
    context_->driver().cuEventDestroy_v2(began_);
    context_->driver().cuEventDestroy_v2(ended_);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void Begin(const Stream& stream) const { Record(began_, stream); }
  void End(const Stream& stream) const { Record(ended_, stream); }
  // When the stream has passed the end.
  double Milliseconds() const {
    float elapsed = 0;
    context_->Call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &elapsed, began_, ended_);
    return elapsed;
  }

 private:
  void Record(CUevent event, const Stream& stream) const {
    context_->Call("cuEventRecord", &Driver::cuEventRecord, event, stream.get());
  }

  std::shared_ptr<const Context> context_;
  CUevent began_ = nullptr, ended_ = nullptr;
};

}  // namespace glocal::cuda
