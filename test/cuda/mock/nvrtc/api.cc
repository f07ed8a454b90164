// libnvrtc.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../common/abi.h"
#include "../common/image.h"
#include "../common/log.h"
#include "../common/settings.h"
#include "compiler.h"

namespace mock {
namespace {

enum NvrtcResult : int {
  kOk = 0,
  kInvalidInput = 3,
  kInvalidProgram = 4,
  kInvalidOption = 5,
  kCompilation = 6,
  kBuiltinOperationFailure = 7,
};

// Of CUDA 13.0.
constexpr int kTargets[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

std::vector<int> Targets() {
  std::vector<int> known;
  for (const int target : kTargets) {
    if (target <= SettingNewestTarget()) known.push_back(target);
  }
  return known;
}

constexpr char kBuiltins[] = "libnvrtc-builtins.so.13.0";

struct Program {
  NamedText source;
  std::vector<NamedText> headers;
  std::string log;
  std::string cubin;
};

struct Options {
  int chip = 0;  // 0 for a virtual one, which gives no machine code
  std::vector<std::string> definitions;
};

bool StartsWith(const std::string& text, const char* start) {
  return text.compare(0, std::strlen(start), start) == 0;
}

bool ReadArchitecture(const std::string& name, Options* options) {
  const size_t digits = name.find('_');
  const int chip = digits == std::string::npos ? 0 : std::atoi(name.c_str() + digits + 1);
  const std::vector<int> known = Targets();
  if (std::find(known.begin(), known.end(), chip) == known.end()) return false;
  if (StartsWith(name, "sm_")) options->chip = chip;
  options->definitions.push_back("-D__CUDA_ARCH__=" + std::to_string(chip * 10));
  return StartsWith(name, "sm_") || StartsWith(name, "compute_");
}

// Options that change nothing here.
bool IsIgnored(const std::string& option) {
  for (const char* known : {"-std=",
                            "--std=",
                            "-fmad=",
                            "--fmad=",
                            "-use_fast_math",
                            "--use_fast_math",
                            "-lineinfo",
                            "--generate-line-info",
                            "-default-device",
                            "--device-as-default-execution-space",
                            "-w",
                            "--disable-warnings",
                            "-ftz=",
                            "--ftz=",
                            "-prec-div=",
                            "--prec-div=",
                            "-prec-sqrt=",
                            "--prec-sqrt=",
                            "-extra-device-vectorization",
                            "--extra-device-vectorization",
                            "-restrict",
                            "--restrict",
                            "-diag-suppress=",
                            "--diag-suppress=",
                            "-split-compile=",
                            "--split-compile=",
                            "-maxrregcount=",
                            "--maxrregcount=",
                            "-minimal",
                            "--minimal",
                            "-no-cache",
                            "--no-cache"}) {
    if (StartsWith(option, known)) return true;
  }
  return false;
}

bool ReadOptions(int count, const char* const* texts, Options* options, std::string* log) {
  for (int i = 0; i < count; ++i) {
    std::string option = texts[i];
    bool good;
    if ((option == "-arch" || option == "--gpu-architecture") && i + 1 < count) {
      good = ReadArchitecture(texts[++i], options);
    } else if (StartsWith(option, "-arch=") || StartsWith(option, "--gpu-architecture=")) {
      good = ReadArchitecture(option.substr(option.find('=') + 1), options);
    } else if (StartsWith(option, "-D")) {
      options->definitions.push_back(option);
      good = true;
    } else {
      good = IsIgnored(option);
    }
    if (good) continue;
    *log = "nvrtc: error: unrecognized option " + option + " found\n";
    return false;
  }
  return true;
}

std::string CubinOf(const std::string& library, int chip) {
  ImageHeader header{};
  std::memcpy(header.magic, kImageMagic, sizeof kImageMagic);
  header.chip = chip;
  header.checksum = Checksum(library.data(), library.size());
  header.library_bytes = library.size();
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + library;
}

// The real library looks for this one by its bare name, so it must be open already or be in a
// folder that the loader searches.
bool BuiltinsAreFound() { return dlopen(kBuiltins, RTLD_NOW) != nullptr; }

NvrtcResult CompileProgram(Program* program, int count, const char* const* texts) {
  program->log.clear();
  program->cubin.clear();
  Options options;
  if (!ReadOptions(count, texts, &options, &program->log)) return kInvalidOption;
  if (!BuiltinsAreFound()) {
    program->log = std::string("nvrtc: error: failed to open ") + kBuiltins +
                   ".\n  Make sure that it is installed correctly.";
    return kBuiltinOperationFailure;
  }
  const auto start = std::chrono::steady_clock::now();
  Compilation compiled = Compile(program->source, program->headers, options.definitions);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  program->log = compiled.log;
  if (compiled.ok && options.chip != 0) program->cubin = CubinOf(compiled.library, options.chip);
  LogLine("nvrtcCompileProgram")
      .Add("program", program->source.name)
      .Add("chip", options.chip)
      .Add("cached", compiled.cached)
      .Add("milliseconds", took.count())
      .Add("result", int{compiled.ok ? kOk : kCompilation})
      .Write();
  return compiled.ok ? kOk : kCompilation;
}

}  // namespace
}  // namespace mock

using mock::Program;

MOCK_API int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return mock::kOk;
}

MOCK_API int nvrtcGetNumSupportedArchs(int* count) {
  *count = static_cast<int>(mock::Targets().size());
  return mock::kOk;
}

MOCK_API int nvrtcGetSupportedArchs(int* targets) {
  const std::vector<int> known = mock::Targets();
  std::copy(known.begin(), known.end(), targets);
  return mock::kOk;
}

MOCK_API int nvrtcCreateProgram(void** result, const char* source, const char* name,
                                int header_count, const char* const* headers,
                                const char* const* header_names) {
  if (result == nullptr || source == nullptr || header_count < 0) return mock::kInvalidInput;
  auto program = std::make_unique<Program>();
  program->source = {name == nullptr || *name == 0 ? "default_program" : name, source};
  for (int i = 0; i < header_count; ++i) {
    program->headers.push_back({header_names[i], headers[i]});
  }
  *result = program.release();
  return mock::kOk;
}

MOCK_API int nvrtcDestroyProgram(void** program) {
  if (program == nullptr || *program == nullptr) return mock::kInvalidProgram;
  delete static_cast<Program*>(*program);
  *program = nullptr;
  return mock::kOk;
}

MOCK_API int nvrtcCompileProgram(void* program, int count, const char* const* options) {
  if (program == nullptr) return mock::kInvalidProgram;
  return mock::CompileProgram(static_cast<Program*>(program), count, options);
}

// Like the real ones, of no use after a failed compilation but for the log.
MOCK_API int nvrtcGetCUBINSize(void* program, size_t* bytes) {
  if (program == nullptr) return mock::kInvalidProgram;
  *bytes = static_cast<Program*>(program)->cubin.size();
  return mock::kOk;
}

MOCK_API int nvrtcGetCUBIN(void* program, char* cubin) {
  if (program == nullptr) return mock::kInvalidProgram;
  const std::string& made = static_cast<Program*>(program)->cubin;
  std::memcpy(cubin, made.data(), made.size());
  return made.empty() ? mock::kInvalidProgram : mock::kOk;
}

MOCK_API int nvrtcGetProgramLogSize(void* program, size_t* bytes) {
  if (program == nullptr) return mock::kInvalidProgram;
  *bytes = static_cast<Program*>(program)->log.size() + 1;
  return mock::kOk;
}

MOCK_API int nvrtcGetProgramLog(void* program, char* log) {
  if (program == nullptr) return mock::kInvalidProgram;
  const std::string& text = static_cast<Program*>(program)->log;
  std::memcpy(log, text.c_str(), text.size() + 1);
  return mock::kOk;
}

MOCK_API const char* nvrtcGetErrorString(int result) {
  switch (result) {
    case mock::kOk:
      return "NVRTC_SUCCESS";
    case mock::kInvalidInput:
      return "NVRTC_ERROR_INVALID_INPUT";
    case mock::kInvalidProgram:
      return "NVRTC_ERROR_INVALID_PROGRAM";
    case mock::kInvalidOption:
      return "NVRTC_ERROR_INVALID_OPTION";
    case mock::kCompilation:
      return "NVRTC_ERROR_COMPILATION";
    case mock::kBuiltinOperationFailure:
      return "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE";
    default:
      return "NVRTC_ERROR unknown";
  }
}
