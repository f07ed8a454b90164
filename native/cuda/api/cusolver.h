// What we use of cuSOLVER. See driver.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/api/cublas.h"
#include "cuda/api/driver.h"
#include "cuda/api/function_table.h"

namespace glocal::cuda {

using cusolverStatus_t = int;
using cusolverDnHandle_t = struct cusolverDnContext*;
using cusolverDnParams_t = struct cusolverDnParams*;
using cusolverEigMode_t = int;

inline constexpr cusolverStatus_t kCusolverSuccess = 0;
inline constexpr cusolverStatus_t kCusolverAllocFailed = 2;
inline constexpr cusolverEigMode_t kCusolverNoVectors = 0;
inline constexpr cusolverEigMode_t kCusolverVectors = 1;

// clang-format off
#define GLOCAL_CUSOLVER_FUNCTIONS(F) \
  F(cusolverDnCreate, cusolverStatus_t, cusolverDnHandle_t*) \
  F(cusolverDnDestroy, cusolverStatus_t, cusolverDnHandle_t) \
  F(cusolverDnSetStream, cusolverStatus_t, cusolverDnHandle_t, CUstream) \
  F(cusolverGetVersion, cusolverStatus_t, int*) \
  F(cusolverDnCreateParams, cusolverStatus_t, cusolverDnParams_t*) \
  F(cusolverDnDestroyParams, cusolverStatus_t, cusolverDnParams_t) \
  F(cusolverDnXgesvd_bufferSize, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, \
    signed char, signed char, int64_t, int64_t, cudaDataType, const void*, int64_t, cudaDataType, \
    const void*, cudaDataType, const void*, int64_t, cudaDataType, const void*, int64_t, \
    cudaDataType, size_t*, size_t*) \
  F(cusolverDnXgesvd, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, signed char, \
    signed char, int64_t, int64_t, cudaDataType, void*, int64_t, cudaDataType, void*, \
    cudaDataType, void*, int64_t, cudaDataType, void*, int64_t, cudaDataType, void*, size_t, \
    void*, size_t, int*) \
  F(cusolverDnXgeev_bufferSize, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, \
    cusolverEigMode_t, cusolverEigMode_t, int64_t, cudaDataType, const void*, int64_t, \
    cudaDataType, const void*, cudaDataType, const void*, int64_t, cudaDataType, const void*, \
    int64_t, cudaDataType, size_t*, size_t*) \
  F(cusolverDnXgeev, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, cusolverEigMode_t, \
    cusolverEigMode_t, int64_t, cudaDataType, void*, int64_t, cudaDataType, void*, cudaDataType, \
    void*, int64_t, cudaDataType, void*, int64_t, cudaDataType, void*, size_t, void*, size_t, \
    int*) \
  F(cusolverDnXgeqrf_bufferSize, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, \
    int64_t, int64_t, cudaDataType, const void*, int64_t, cudaDataType, const void*, cudaDataType, \
    size_t*, size_t*) \
  F(cusolverDnXgeqrf, cusolverStatus_t, cusolverDnHandle_t, cusolverDnParams_t, int64_t, int64_t, \
    cudaDataType, void*, int64_t, cudaDataType, void*, cudaDataType, void*, size_t, void*, size_t, \
    int*) \
  F(cusolverDnDorgqr_bufferSize, cusolverStatus_t, cusolverDnHandle_t, int, int, int, \
    const double*, int, const double*, int*) \
  F(cusolverDnDorgqr, cusolverStatus_t, cusolverDnHandle_t, int, int, int, double*, int, \
    const double*, double*, int, int*)
// clang-format on

GLOCAL_FUNCTION_TABLE(Cusolver, GLOCAL_CUSOLVER_FUNCTIONS)

}  // namespace glocal::cuda
