// Finds the kernels in preprocessed CUDA text.
#pragma once

#include <string>
#include <vector>

namespace mock {

struct KernelDeclaration {
  std::string name;
  std::string max_threads;  // the text of __launch_bounds__' first argument; "1024" without
};

// Also removes __global__ and __launch_bounds__(...) from the text, which keeps its lines.
std::vector<KernelDeclaration> TakeKernels(std::string* text);

}  // namespace mock
