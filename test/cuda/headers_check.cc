// Holds native/cuda/api against NVIDIA's headers. Nothing runs: it compiles or it does not.
// scripts/check-cuda-headers.mjs compiles it.
#include <type_traits>

#include "cuda/api/cublas.h"
#include "cuda/api/cusolver.h"
#include "cuda/api/driver.h"
#include "cuda/api/nvrtc.h"

namespace {

// A type as the calling convention sees it: a handle is a pointer, an enumeration an integer.
template <class T>
struct PlainType {
  using type = typename std::conditional_t<std::is_enum_v<T>, std::type_identity<int>,
                                           std::type_identity<T>>::type;
  static_assert(sizeof(type) == sizeof(T));
};
template <>
struct PlainType<void> {
  using type = void;
};
template <class T>
using Plain = typename PlainType<T>::type;

template <class T>
struct PlainType<const T> {
  using type = const Plain<T>;
};
template <>
struct PlainType<const void> {
  using type = const void;
};
template <class T>
struct PlainType<T*> {
  using type = typename std::conditional_t<std::is_class_v<T>, std::type_identity<void>,
                                           PlainType<T>>::type*;
};
template <class Result, class... Parameters>
struct PlainType<Result (*)(Parameters...)> {
  using type = Plain<Result> (*)(Plain<Parameters>...);
};

// Taken before NVIDIA's headers rename functions by macros.
#define OUR_FUNCTION(name, ...) using our_##name = Plain<decltype(Table::name)>;
#define THE_SAME(name, ...)                                                        \
  static_assert(std::is_same_v<our_##name, Plain<std::decay_t<decltype(::name)>>>, \
                #name " is declared differently");

namespace driver {
using Table = glocal::cuda::Driver;
GLOCAL_DRIVER_FUNCTIONS(OUR_FUNCTION)
}  // namespace driver
namespace compiler {
using Table = glocal::cuda::Nvrtc;
GLOCAL_NVRTC_FUNCTIONS(OUR_FUNCTION)
}  // namespace compiler
namespace blas {
using Table = glocal::cuda::Cublas;
GLOCAL_CUBLAS_FUNCTIONS(OUR_FUNCTION)
}  // namespace blas
namespace solver {
using Table = glocal::cuda::Cusolver;
GLOCAL_CUSOLVER_FUNCTIONS(OUR_FUNCTION)
}  // namespace solver

}  // namespace

#include <cublas_v2.h>
#include <cuda.h>
#include <cusolverDn.h>
#include <nvrtc.h>

// Two functions of NVIDIA's have this name; the library exports the one that takes a compute type.
using GemmStridedBatchedEx = cublasStatus_t (*)(
    cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*, const void*,
    cudaDataType, int, long long int, const void*, cudaDataType, int, long long int, const void*,
    void*, cudaDataType, int, long long int, int, cublasComputeType_t, cublasGemmAlgo_t);
const GemmStridedBatchedEx gemm_with_compute_type = &cublasGemmStridedBatchedEx;
#define cublasGemmStridedBatchedEx gemm_with_compute_type

namespace {

namespace driver {
GLOCAL_DRIVER_FUNCTIONS(THE_SAME)
}
namespace compiler {
GLOCAL_NVRTC_FUNCTIONS(THE_SAME)
}
namespace blas {
GLOCAL_CUBLAS_FUNCTIONS(THE_SAME)
}
namespace solver {
GLOCAL_CUSOLVER_FUNCTIONS(THE_SAME)
}

#define SAME_VALUE(ours, theirs) \
  static_assert(glocal::cuda::ours == theirs, #ours " differs from " #theirs);

SAME_VALUE(kCudaSuccess, CUDA_SUCCESS)
SAME_VALUE(kCudaOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY)
SAME_VALUE(kCudaStubLibrary, CUDA_ERROR_STUB_LIBRARY)
SAME_VALUE(kCudaNoDevice, CUDA_ERROR_NO_DEVICE)
SAME_VALUE(kCudaInvalidImage, CUDA_ERROR_INVALID_IMAGE)
SAME_VALUE(kCudaNoBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU)
SAME_VALUE(kCudaInvalidPtx, CUDA_ERROR_INVALID_PTX)
SAME_VALUE(kCudaJitCompilerNotFound, CUDA_ERROR_JIT_COMPILER_NOT_FOUND)
SAME_VALUE(kCudaUnsupportedPtxVersion, CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
SAME_VALUE(kCudaJitCompilationDisabled, CUDA_ERROR_JIT_COMPILATION_DISABLED)
SAME_VALUE(kCudaSystemDriverMismatch, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)
SAME_VALUE(kCudaCompatNotSupported, CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)
SAME_VALUE(kMajorOfComputeCapability, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
SAME_VALUE(kMinorOfComputeCapability, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
SAME_VALUE(kStreamNonBlocking, CU_STREAM_NON_BLOCKING)
SAME_VALUE(kEventBlockingSync, CU_EVENT_BLOCKING_SYNC)
SAME_VALUE(kEventDisableTiming, CU_EVENT_DISABLE_TIMING)
SAME_VALUE(kCaptureRelaxed, CU_STREAM_CAPTURE_MODE_RELAXED)
SAME_VALUE(kLaunchParamEnd, CU_LAUNCH_PARAM_END_AS_INT)
SAME_VALUE(kLaunchParamBufferPointer, CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT)
SAME_VALUE(kLaunchParamBufferSize, CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT)
SAME_VALUE(kNvrtcSuccess, NVRTC_SUCCESS)
SAME_VALUE(kNvrtcCompilation, NVRTC_ERROR_COMPILATION)
SAME_VALUE(kCublasSuccess, CUBLAS_STATUS_SUCCESS)
SAME_VALUE(kCublasAllocFailed, CUBLAS_STATUS_ALLOC_FAILED)
SAME_VALUE(kCublasDefaultMath, CUBLAS_DEFAULT_MATH)
SAME_VALUE(kCublasPlain, CUBLAS_OP_N)
SAME_VALUE(kCublasTransposed, CUBLAS_OP_T)
SAME_VALUE(kCublasAdjoint, CUBLAS_OP_C)
SAME_VALUE(kCublasComputeFloat32, CUBLAS_COMPUTE_32F)
SAME_VALUE(kCublasComputeTf32, CUBLAS_COMPUTE_32F_FAST_TF32)
SAME_VALUE(kCublasComputeFloat64, CUBLAS_COMPUTE_64F)
SAME_VALUE(kCublasDefaultAlgorithm, CUBLAS_GEMM_DEFAULT)
SAME_VALUE(kCudaFloat32, CUDA_R_32F)
SAME_VALUE(kCudaFloat64, CUDA_R_64F)
SAME_VALUE(kCudaComplex128, CUDA_C_64F)
SAME_VALUE(kCusolverSuccess, CUSOLVER_STATUS_SUCCESS)
SAME_VALUE(kCusolverAllocFailed, CUSOLVER_STATUS_ALLOC_FAILED)
SAME_VALUE(kCusolverNoVectors, CUSOLVER_EIG_MODE_NOVECTOR)
SAME_VALUE(kCusolverVectors, CUSOLVER_EIG_MODE_VECTOR)

}  // namespace
