#include "cuda.h"

#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#define SELFTEST_DEFINE(library, name, type) std::add_pointer_t<type> name = nullptr;
SELFTEST_FUNCTIONS(SELFTEST_DEFINE)
#undef SELFTEST_DEFINE

namespace {

void* Open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return library;
}

}  // namespace

void OpenLibraries(const std::string& folder) {
  void* cuda = Open(folder + "/libcuda.so.1");
  dlopen((folder + "/libnvrtc-builtins.so.13.0").c_str(), RTLD_NOW);  // NVRTC misses it if need be
  void* nvrtc = Open(folder + "/libnvrtc.so.13");
  Open(folder + "/libcublasLt.so.13");
  void* cublas = Open(folder + "/libcublas.so.13");
  Open(folder + "/libnvJitLink.so.13");
  Open(folder + "/libcusparse.so.12");
  void* cusolver = Open(folder + "/libcusolver.so.12");
#define SELFTEST_LOAD(library, name, type) \
  name = reinterpret_cast<std::add_pointer_t<type>>(dlsym(library, #name));
  SELFTEST_FUNCTIONS(SELFTEST_LOAD)
#undef SELFTEST_LOAD
}

void Expect(const char* what, double received, double expected, double tolerance) {
  if (std::abs(received - expected) <= tolerance) return;
  std::fprintf(stderr, "Expected %s to be %.9g but received %.9g.\n", what, expected, received);
  std::exit(1);
}

Session::Session() {
  void* context = nullptr;
  EXPECT(cuInit(0), 0);
  EXPECT(cuDevicePrimaryCtxRetain(&context, 0), 0);
  EXPECT(cuCtxSetCurrent(context), 0);
  EXPECT(cuStreamCreate(&stream, 1), 0);
}

Session::~Session() {
  cuStreamDestroy_v2(stream);
  cuDevicePrimaryCtxRelease_v2(0);
}

Compiled Compile(const std::string& text, const std::vector<Header>& headers,
                 const char* architecture) {
  std::vector<const char*> texts, names;
  for (const Header& header : headers) {
    texts.push_back(header.text);
    names.push_back(header.name);
  }
  void* program = nullptr;
  EXPECT(nvrtcCreateProgram(&program, text.c_str(), "selftest.cu", static_cast<int>(headers.size()),
                            texts.data(), names.data()),
         0);
  const char* options[] = {architecture, "-std=c++17"};
  Compiled compiled;
  compiled.result = nvrtcCompileProgram(program, 2, options);
  size_t bytes = 0;
  EXPECT(nvrtcGetProgramLogSize(program, &bytes), 0);
  compiled.log.resize(bytes);
  EXPECT(nvrtcGetProgramLog(program, compiled.log.data()), 0);
  EXPECT(nvrtcGetCUBINSize(program, &bytes), 0);
  compiled.cubin.resize(bytes);
  if (bytes > 0) EXPECT(nvrtcGetCUBIN(program, compiled.cubin.data()), 0);
  EXPECT(nvrtcDestroyProgram(&program), 0);
  return compiled;
}

Kernel::Kernel(const std::string& text, const char* name, const std::vector<Header>& headers) {
  const Compiled compiled = Compile(text, headers);
  if (compiled.result != 0) std::fputs(compiled.log.c_str(), stderr);
  EXPECT(compiled.result, 0);
  void* module = nullptr;
  EXPECT(cuModuleLoadData(&module, compiled.cubin.data()), 0);
  EXPECT(cuModuleGetFunction(&function_, module, name), 0);
}

int Kernel::Launch(unsigned grid, unsigned block, std::vector<long long> parameters,
                   void* stream) const {
  size_t bytes = parameters.size() * sizeof(long long);
  void* extra[] = {reinterpret_cast<void*>(1), parameters.data(), reinterpret_cast<void*>(2),
                   &bytes, nullptr};
  return cuLaunchKernel(function_, grid, 1, 1, block, 1, 1, 0, stream, nullptr, extra);
}
