// The functions of the libraries under test, opened by dlopen from one folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

using DevicePointer = unsigned long long;

#define SELFTEST_FUNCTIONS(X)                                                                      \
  X(cuda, cuInit, int(unsigned))                                                                   \
  X(cuda, cuDriverGetVersion, int(int*))                                                           \
  X(cuda, cuGetErrorName, int(int, const char**))                                                  \
  X(cuda, cuDeviceGetCount, int(int*))                                                             \
  X(cuda, cuDeviceGetAttribute, int(int*, int, int))                                               \
  X(cuda, cuDevicePrimaryCtxRetain, int(void**, int))                                              \
  X(cuda, cuDevicePrimaryCtxRelease_v2, int(int))                                                  \
  X(cuda, cuCtxSetCurrent, int(void*))                                                             \
  X(cuda, cuMemGetInfo_v2, int(size_t*, size_t*))                                                  \
  X(cuda, cuMemAlloc_v2, int(DevicePointer*, size_t))                                              \
  X(cuda, cuMemFree_v2, int(DevicePointer))                                                        \
  X(cuda, cuMemsetD8Async, int(DevicePointer, unsigned char, size_t, void*))                       \
  X(cuda, cuMemcpyHtoDAsync_v2, int(DevicePointer, const void*, size_t, void*))                    \
  X(cuda, cuMemcpyDtoHAsync_v2, int(void*, DevicePointer, size_t, void*))                          \
  X(cuda, cuMemcpyDtoDAsync_v2, int(DevicePointer, DevicePointer, size_t, void*))                  \
  X(cuda, cuStreamCreate, int(void**, unsigned))                                                   \
  X(cuda, cuStreamDestroy_v2, int(void*))                                                          \
  X(cuda, cuStreamSynchronize, int(void*))                                                         \
  X(cuda, cuStreamBeginCapture_v2, int(void*, int))                                                \
  X(cuda, cuStreamEndCapture, int(void*, void**))                                                  \
  X(cuda, cuGraphInstantiateWithFlags, int(void**, void*, unsigned long long))                     \
  X(cuda, cuGraphLaunch, int(void*, void*))                                                        \
  X(cuda, cuGraphExecDestroy, int(void*))                                                          \
  X(cuda, cuGraphDestroy, int(void*))                                                              \
  X(cuda, cuEventCreate, int(void**, unsigned))                                                    \
  X(cuda, cuEventRecord, int(void*, void*))                                                        \
  X(cuda, cuEventSynchronize, int(void*))                                                          \
  X(cuda, cuEventElapsedTime, int(float*, void*, void*))                                           \
  X(cuda, cuEventDestroy_v2, int(void*))                                                           \
  X(cuda, cuModuleLoadData, int(void**, const void*))                                              \
  X(cuda, cuModuleUnload, int(void*))                                                              \
  X(cuda, cuModuleGetFunction, int(void**, void*, const char*))                                    \
  X(cuda, cuLaunchKernel,                                                                          \
    int(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*,        \
        void**, void**))                                                                           \
  X(nvrtc, nvrtcCreateProgram,                                                                     \
    int(void**, const char*, const char*, int, const char* const*, const char* const*))            \
  X(nvrtc, nvrtcCompileProgram, int(void*, int, const char* const*))                               \
  X(nvrtc, nvrtcGetCUBINSize, int(void*, size_t*))                                                 \
  X(nvrtc, nvrtcGetCUBIN, int(void*, char*))                                                       \
  X(nvrtc, nvrtcGetProgramLogSize, int(void*, size_t*))                                            \
  X(nvrtc, nvrtcGetProgramLog, int(void*, char*))                                                  \
  X(nvrtc, nvrtcDestroyProgram, int(void**))                                                       \
  X(cublas, cublasCreate_v2, int(void**))                                                          \
  X(cublas, cublasDestroy_v2, int(void*))                                                          \
  X(cublas, cublasSetStream_v2, int(void*, void*))                                                 \
  X(cublas, cublasSetWorkspace_v2, int(void*, void*, size_t))                                      \
  X(cublas, cublasGemmStridedBatchedEx,                                                            \
    int(void*, int, int, int, int, int, const void*, const void*, int, int, long long,             \
        const void*, int, int, long long, const void*, void*, int, int, long long, int, int, int)) \
  X(cusolver, cusolverDnCreate, int(void**))                                                       \
  X(cusolver, cusolverDnDestroy, int(void*))                                                       \
  X(cusolver, cusolverDnSetStream, int(void*, void*))                                              \
  X(cusolver, cusolverDnXgesvd_bufferSize,                                                         \
    int(void*, void*, signed char, signed char, int64_t, int64_t, int, const void*, int64_t, int,  \
        const void*, int, const void*, int64_t, int, const void*, int64_t, int, size_t*, size_t*)) \
  X(cusolver, cusolverDnXgesvd,                                                                    \
    int(void*, void*, signed char, signed char, int64_t, int64_t, int, void*, int64_t, int, void*, \
        int, void*, int64_t, int, void*, int64_t, int, void*, size_t, void*, size_t, int*))        \
  X(cusolver, cusolverDnXgeev_bufferSize,                                                          \
    int(void*, void*, int, int, int64_t, int, const void*, int64_t, int, const void*, int,         \
        const void*, int64_t, int, const void*, int64_t, int, size_t*, size_t*))                   \
  X(cusolver, cusolverDnXgeev,                                                                     \
    int(void*, void*, int, int, int64_t, int, void*, int64_t, int, void*, int, void*, int64_t,     \
        int, void*, int64_t, int, void*, size_t, void*, size_t, int*))                             \
  X(cusolver, cusolverDnXgeqrf_bufferSize,                                                         \
    int(void*, void*, int64_t, int64_t, int, const void*, int64_t, int, const void*, int, size_t*, \
        size_t*))                                                                                  \
  X(cusolver, cusolverDnXgeqrf,                                                                    \
    int(void*, void*, int64_t, int64_t, int, void*, int64_t, int, void*, int, void*, size_t,       \
        void*, size_t, int*))                                                                      \
  X(cusolver, cusolverDnDorgqr_bufferSize,                                                         \
    int(void*, int, int, int, const double*, int, const double*, int*))                            \
  X(cusolver, cusolverDnDorgqr,                                                                    \
    int(void*, int, int, int, double*, int, const double*, double*, int, int*))

#define SELFTEST_DECLARE(library, name, type) extern std::add_pointer_t<type> name;
SELFTEST_FUNCTIONS(SELFTEST_DECLARE)
#undef SELFTEST_DECLARE

// Opens all libraries in the order of the real loader. Functions that a library lacks stay null.
void OpenLibraries(const std::string& folder);

// Ends the process with a message unless the two are the same.
void Expect(const char* what, double received, double expected, double tolerance = 0);
#define EXPECT(expression, expected) Expect(#expression, static_cast<double>(expression), expected)

// A context and a stream on device 0.
struct Session {
  Session();
  ~Session();
  void* stream = nullptr;
};

enum NewTag { kNew };

// Device memory with the values of a vector, or new.
template <class T>
struct Array {
  explicit Array(const std::vector<T>& values) : count(values.size()) {
    EXPECT(cuMemAlloc_v2(&at, count * sizeof(T)), 0);
    EXPECT(cuMemcpyHtoDAsync_v2(at, values.data(), count * sizeof(T), nullptr), 0);
  }
  Array(size_t count, NewTag) : count(count) { EXPECT(cuMemAlloc_v2(&at, count * sizeof(T)), 0); }
  ~Array() { cuMemFree_v2(at); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  std::vector<T> Read() const {
    std::vector<T> values(count);
    EXPECT(cuMemcpyDtoHAsync_v2(values.data(), at, count * sizeof(T), nullptr), 0);
    EXPECT(cuStreamSynchronize(nullptr), 0);
    return values;
  }
  T* pointer() const { return reinterpret_cast<T*>(at); }

  DevicePointer at = 0;
  size_t count;
};

// Compiles CUDA text; the result of NVRTC, the log and the machine code.
struct Compiled {
  int result;
  std::string log;
  std::string cubin;
};
struct Header {
  const char* name;
  const char* text;
};
Compiled Compile(const std::string& text, const std::vector<Header>& headers = {},
                 const char* architecture = "--gpu-architecture=sm_90");

// A kernel of a module that is compiled and loaded.
class Kernel {
 public:
  Kernel(const std::string& text, const char* name, const std::vector<Header>& headers = {});

  // Parameters are 8 bytes each.
  int Launch(unsigned grid, unsigned block, std::vector<long long> parameters,
             void* stream = nullptr) const;
  template <class T>
  static long long Of(const Array<T>& array) {
    return static_cast<long long>(array.at);
  }

 private:
  void* function_ = nullptr;
};

// The tests, by name.
struct Test {
  Test(const char* name, void (*run)());
  const char* name;
  void (*run)();
};
#define TEST(name)                                \
  static void name();                             \
  static const Test register_##name(#name, name); \
  static void name()
