// Compiles CUDA text with g++ into a shared library that the mock's libcuda can run.
#pragma once

#include <string>
#include <vector>

namespace mock {

struct NamedText {
  std::string name;
  std::string text;
};

struct Compilation {
  bool ok = false;
  bool cached = false;
  std::string log;
  std::string library;
};

// Headers are found by their names only. `definitions` are options like -DNAME=1.
Compilation Compile(const NamedText& program, const std::vector<NamedText>& headers,
                    const std::vector<std::string>& definitions);

}  // namespace mock
