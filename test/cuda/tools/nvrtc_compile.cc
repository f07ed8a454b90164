// Compiles CUDA texts to machine code by NVRTC, which needs no GPU:
//
//   nvrtc_compile LIBRARIES HEADER_FOLDER ARCHITECTURES TEXT...
//
// LIBRARIES and ARCHITECTURES are lists with commas between: the first library that opens is taken,
// and where none does, the exit status is 3; architectures are numbers. Texts find all *.cuh of
// HEADER_FOLDER by name. For each text and architecture it prints a line
// "@ text architecture result", where result is 0 for success, and the compiler's log, with what
// registers and memory each kernel takes.
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Program = void*;

constexpr int kNoLibrary = 3;

[[noreturn]] void Fail(const std::string& reason) {
  std::fprintf(stderr, "nvrtc_compile: %s\n", reason.c_str());
  std::exit(2);
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

class Library {
 public:
  explicit Library(const std::vector<std::string>& candidates) {
    for (const std::string& candidate : candidates) {
      OpenBuiltins(std::filesystem::path(candidate).parent_path());
      handle_ = dlopen(candidate.c_str(), RTLD_NOW | RTLD_GLOBAL);
      if (handle_) return;
    }
    std::exit(kNoLibrary);
  }

  template <class Function>
  Function* Find(const char* name) const {
    void* symbol = dlsym(handle_, name);
    if (!symbol) Fail(dlerror());
    return reinterpret_cast<Function*>(symbol);
  }

 private:
  // NVRTC looks for this one in the loader's places only, not beside itself.
  static void OpenBuiltins(const std::filesystem::path& folder) {
    if (!std::filesystem::is_directory(folder)) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (name.rfind("libnvrtc-builtins.so", 0) == 0) {
        dlopen(entry.path().c_str(), RTLD_NOW | RTLD_GLOBAL);
      }
    }
  }

  void* handle_ = nullptr;
};

struct Header {
  std::string name, text;
};

std::vector<Header> HeadersIn(const std::string& folder) {
  std::vector<Header> headers;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cuh") {
      headers.push_back({entry.path().filename(), Read(entry.path())});
    }
  }
  return headers;
}

struct Outcome {
  int result;
  std::string log;
};

class Compiler {
 public:
  Compiler(const Library& library, std::vector<Header> headers)
      : create_(library.Find<Create>("nvrtcCreateProgram")),
        compile_(library.Find<Compile>("nvrtcCompileProgram")),
        log_size_(library.Find<LogSize>("nvrtcGetProgramLogSize")),
        log_(library.Find<Log>("nvrtcGetProgramLog")),
        destroy_(library.Find<Destroy>("nvrtcDestroyProgram")),
        headers_(std::move(headers)) {}

  // With the options of native/cuda/compiler.cc, and a report of resources.
  Outcome Run(const std::string& text, const std::string& architecture) const {
    std::vector<const char*> texts, names;
    for (const Header& header : headers_) {
      texts.push_back(header.text.c_str());
      names.push_back(header.name.c_str());
    }
    const std::string chip = "--gpu-architecture=sm_" + architecture;
    const char* options[] = {chip.c_str(), "--std=c++17", "-default-device", "--fmad=true",
                             "--ptxas-options=-v"};
    Program program = nullptr;
    if (create_(&program, text.c_str(), "glocal.cu", static_cast<int>(texts.size()), texts.data(),
                names.data()) != 0) {
      Fail("nvrtcCreateProgram failed");
    }
    Outcome outcome;
    outcome.result = compile_(program, static_cast<int>(std::size(options)), options);
    size_t bytes = 0;
    log_size_(program, &bytes);
    outcome.log.resize(bytes);
    log_(program, outcome.log.data());
    while (!outcome.log.empty() && outcome.log.back() == '\0') outcome.log.pop_back();
    destroy_(&program);
    return outcome;
  }

 private:
  using Create = int(Program*, const char*, const char*, int, const char* const*,
                     const char* const*);
  using Compile = int(Program, int, const char* const*);
  using LogSize = int(Program, size_t*);
  using Log = int(Program, char*);
  using Destroy = int(Program*);

  Create* create_;
  Compile* compile_;
  LogSize* log_size_;
  Log* log_;
  Destroy* destroy_;
  std::vector<Header> headers_;
};

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) Fail("expected LIBRARIES HEADER_FOLDER ARCHITECTURES TEXT...");
  const Library library(Split(arguments[1]));
  const Compiler compiler(library, HeadersIn(arguments[2]));
  const std::vector<std::string> architectures = Split(arguments[3]);
  const std::vector<std::string> paths(arguments + 4, arguments + count);

  const size_t total = paths.size() * architectures.size();
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex printing;
  const auto work = [&] {
    for (size_t i = next++; i < total; i = next++) {
      const std::string& path = paths[i / architectures.size()];
      const std::string& architecture = architectures[i % architectures.size()];
      const Outcome outcome = compiler.Run(Read(path), architecture);
      if (outcome.result != 0) failed = true;
      const std::lock_guard<std::mutex> lock(printing);
      std::printf("@ %s %s %d\n%s\n", path.c_str(), architecture.c_str(), outcome.result,
                  outcome.log.c_str());
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return failed ? 1 : 0;
}
