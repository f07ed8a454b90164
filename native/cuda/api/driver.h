// What we use of libcuda, the driver. Our own declarations, so that neither building nor loading
// the addon needs anything of NVIDIA's; test/cuda/headers_check.cc holds them against cuda.h.
#pragma once

#include <cstddef>

#include "cuda/api/function_table.h"

namespace glocal::cuda {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;
using CUdevice_attribute = int;
using CUstreamCaptureMode = int;

inline constexpr CUresult kCudaSuccess = 0;
inline constexpr CUresult kCudaOutOfMemory = 2;
inline constexpr CUresult kCudaStubLibrary = 34;
inline constexpr CUresult kCudaNoDevice = 100;
inline constexpr CUresult kCudaInvalidImage = 200;
inline constexpr CUresult kCudaNoBinaryForGpu = 209;
inline constexpr CUresult kCudaInvalidPtx = 218;
inline constexpr CUresult kCudaJitCompilerNotFound = 221;
inline constexpr CUresult kCudaUnsupportedPtxVersion = 222;
inline constexpr CUresult kCudaJitCompilationDisabled = 223;
inline constexpr CUresult kCudaSystemDriverMismatch = 803;
inline constexpr CUresult kCudaCompatNotSupported = 804;

inline constexpr CUdevice_attribute kMajorOfComputeCapability = 75;
inline constexpr CUdevice_attribute kMinorOfComputeCapability = 76;

inline constexpr unsigned int kStreamNonBlocking = 0x1;
inline constexpr unsigned int kEventBlockingSync = 0x1;
inline constexpr unsigned int kEventDisableTiming = 0x2;
inline constexpr CUstreamCaptureMode kCaptureRelaxed = 2;

// What the elements of cuLaunchKernel's last argument are.
inline constexpr int kLaunchParamEnd = 0;
inline constexpr int kLaunchParamBufferPointer = 1;
inline constexpr int kLaunchParamBufferSize = 2;

// clang-format off
#define GLOCAL_DRIVER_FUNCTIONS(F) \
  F(cuInit, CUresult, unsigned int) \
  F(cuDriverGetVersion, CUresult, int*) \
  F(cuGetErrorName, CUresult, CUresult, const char**) \
  F(cuGetErrorString, CUresult, CUresult, const char**) \
  F(cuDeviceGetCount, CUresult, int*) \
  F(cuDeviceGet, CUresult, CUdevice*, int) \
  F(cuDeviceGetName, CUresult, char*, int, CUdevice) \
  F(cuDeviceGetAttribute, CUresult, int*, CUdevice_attribute, CUdevice) \
  F(cuDeviceTotalMem_v2, CUresult, size_t*, CUdevice) \
  F(cuDevicePrimaryCtxRetain, CUresult, CUcontext*, CUdevice) \
  F(cuDevicePrimaryCtxRelease_v2, CUresult, CUdevice) \
  F(cuCtxSetCurrent, CUresult, CUcontext) \
  F(cuMemGetInfo_v2, CUresult, size_t*, size_t*) \
  F(cuMemAlloc_v2, CUresult, CUdeviceptr*, size_t) \
  F(cuMemFree_v2, CUresult, CUdeviceptr) \
  F(cuMemsetD8Async, CUresult, CUdeviceptr, unsigned char, size_t, CUstream) \
  F(cuMemcpyHtoDAsync_v2, CUresult, CUdeviceptr, const void*, size_t, CUstream) \
  F(cuMemcpyDtoHAsync_v2, CUresult, void*, CUdeviceptr, size_t, CUstream) \
  F(cuMemcpyDtoDAsync_v2, CUresult, CUdeviceptr, CUdeviceptr, size_t, CUstream) \
  F(cuStreamCreate, CUresult, CUstream*, unsigned int) \
  F(cuStreamDestroy_v2, CUresult, CUstream) \
  F(cuStreamSynchronize, CUresult, CUstream) \
  F(cuStreamBeginCapture_v2, CUresult, CUstream, CUstreamCaptureMode) \
  F(cuStreamEndCapture, CUresult, CUstream, CUgraph*) \
  F(cuGraphInstantiateWithFlags, CUresult, CUgraphExec*, CUgraph, unsigned long long) \
  F(cuGraphLaunch, CUresult, CUgraphExec, CUstream) \
  F(cuGraphExecDestroy, CUresult, CUgraphExec) \
  F(cuGraphDestroy, CUresult, CUgraph) \
  F(cuEventCreate, CUresult, CUevent*, unsigned int) \
  F(cuEventRecord, CUresult, CUevent, CUstream) \
  F(cuEventSynchronize, CUresult, CUevent) \
  F(cuEventElapsedTime, CUresult, float*, CUevent, CUevent) \
  F(cuEventDestroy_v2, CUresult, CUevent) \
  F(cuModuleLoadData, CUresult, CUmodule*, const void*) \
  F(cuModuleUnload, CUresult, CUmodule) \
  F(cuModuleGetFunction, CUresult, CUfunction*, CUmodule, const char*) \
  F(cuLaunchKernel, CUresult, CUfunction, unsigned int, unsigned int, unsigned int, \
    unsigned int, unsigned int, unsigned int, unsigned int, CUstream, void**, void**)
// clang-format on

GLOCAL_FUNCTION_TABLE(Driver, GLOCAL_DRIVER_FUNCTIONS)

}  // namespace glocal::cuda
