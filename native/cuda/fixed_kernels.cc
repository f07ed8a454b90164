#include "cuda/fixed_kernels.h"

namespace glocal::cuda {

const std::vector<FixedFile>& FixedFiles() {
  static const std::vector<FixedFile> none;
  return none;
}

const std::vector<FixedHeader>& FixedHeaders() {
  static const std::vector<FixedHeader> none;
  return none;
}

const char* FixedFileOf(const std::string&) { return nullptr; }

}  // namespace glocal::cuda
