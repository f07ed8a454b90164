#include "cuda/shared_library.h"

#include <dlfcn.h>
#include <link.h>

namespace glocal::cuda {
namespace {

// The loader begins its message with the name of the file where it is the file that is at fault.
std::string LoaderMessage(const std::string& candidate) {
  const char* words = dlerror();
  const std::string message = words ? words : "it cannot be opened";
  return message.rfind(candidate + ": ", 0) == 0 ? message.substr(candidate.size() + 2) : message;
}

// Where the loader found it.
std::string PathOf(void* handle, const std::string& candidate) {
  const link_map* map = nullptr;
  return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && *map->l_name ? map->l_name : candidate;
}

}  // namespace

SharedLibrary OpenFirst(const std::vector<std::string>& candidates, const Objections& objections) {
  SharedLibrary library;
  for (const std::string& candidate : candidates) {
    std::string complaint;
    if (objections.to_name) complaint = objections.to_name(candidate);
    if (complaint.empty()) {
      if (void* handle = dlopen(candidate.c_str(), RTLD_LAZY | RTLD_GLOBAL)) {
        if (objections.to_library) complaint = objections.to_library(handle);
        if (complaint.empty()) {
          library.handle = handle;
          library.path = PathOf(handle, candidate);
          return library;
        }
      } else {
        complaint = LoaderMessage(candidate);
      }
    }
    if (!library.complaints.empty()) library.complaints += "; ";
    library.complaints += candidate + ": " + complaint;
  }
  if (library.complaints.empty()) library.complaints = "no file of that name in the usual places";
  return library;
}

}  // namespace glocal::cuda
