// The loader of the system.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace glocal::cuda {

struct SharedLibrary {
  void* handle = nullptr;  // null when no candidate would do
  std::string path;
  std::string complaints;  // the loader's own words about each candidate that would not do
};

// Why a library will not do; empty if it will. Asked before it is opened, of its name alone, and
// after.
struct Objections {
  std::function<std::string(const std::string& candidate)> to_name;
  std::function<std::string(void* handle)> to_library;
};

// The first candidate that can be opened and to which there is no objection. It is never closed,
// and what it exports is there for the libraries opened after it.
SharedLibrary OpenFirst(const std::vector<std::string>& candidates, const Objections& objections);

}  // namespace glocal::cuda
