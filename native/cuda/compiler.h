// NVRTC: the text of kernels made into machine code for one chip.
#pragma once

#include <string>
#include <vector>

#include "cuda/api/nvrtc.h"
#include "cuda/chip.h"
#include "cuda/image_cache.h"
#include "cuda/libraries.h"

namespace glocal::cuda {

// What kernels are compiled for to run on `chip`: "sm_90". Where NVRTC does not know the chip, the
// nearest older one of its generation, whose machine code it runs. Throws
// GLOCAL_CUDA_UNSUPPORTED_CHIP where it knows none of them.
std::string TargetFor(const Chip& chip, const Libraries& libraries);

class Compiler {
 public:
  // `architecture`: "sm_90".
  Compiler(const Libraries& libraries, std::string architecture, std::string cache_folder)
      : libraries_(libraries),
        architecture_(std::move(architecture)),
        cache_(std::move(cache_folder)) {}

  // The machine code of each text, compiled side by side or found on disk. Throws GLOCAL_CUDA with
  // the compiler's log.
  std::vector<std::string> Compile(const std::vector<std::string>& texts) const;

 private:
  std::string CompileOne(const std::string& text) const;

  const Libraries& libraries_;
  std::string architecture_;
  ImageCache cache_;
};

}  // namespace glocal::cuda
