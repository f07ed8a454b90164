// The kernels of native/cuda/kernels, inside the addon.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace glocal::cuda {

struct FixedFile {
  const char* name;  // "conv.cu"
  const char* text;
  const unsigned char* image;  // machine code; null where there was no nvcc
  size_t image_bytes;
};

struct FixedHeader {
  const char* name;
  const char* text;
};

const std::vector<FixedFile>& FixedFiles();
const std::vector<FixedHeader>& FixedHeaders();

// The name of the file that defines `kernel`; null if none does.
const char* FixedFileOf(const std::string& kernel);

}  // namespace glocal::cuda
