// A GPU's primary context: what every other object of the driver belongs to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cuda/api/driver.h"
#include "cuda/check.h"
#include "cuda/chip.h"
#include "cuda/libraries.h"

namespace glocal::cuda {

class Context {
 public:
  Context(const Libraries& libraries, const Chip& chip, int ordinal);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Libraries& libraries() const { return libraries_; }
  const Driver& driver() const { return libraries_.driver; }
  const Chip& chip() const { return chip_; }

  // For the calls that this thread makes from here on; if it fails, they do.
  void MakeCurrent() const noexcept { driver().cuCtxSetCurrent(context_); }

  // Calls a function of the driver, which must succeed: Call("cuMemAlloc", &Driver::cuMemAlloc_v2,
  // …).
  template <class... Parameters, class... Arguments>
  void Call(const char* what, CUresult (*Driver::*function)(Parameters...),
            Arguments... arguments) const {
    Check(driver(), (driver().*function)(arguments...), what);
  }

 private:
  const Libraries& libraries_;
  Chip chip_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
};

}  // namespace glocal::cuda
