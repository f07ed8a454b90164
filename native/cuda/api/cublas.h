// What we use of cuBLAS. See driver.h.
#pragma once

#include <cstddef>

#include "cuda/api/driver.h"
#include "cuda/api/function_table.h"

namespace glocal::cuda {

using cublasStatus_t = int;
using cublasHandle_t = struct cublasContext*;
using cublasMath_t = int;
using cublasOperation_t = int;
using cublasComputeType_t = int;
using cublasGemmAlgo_t = int;
using cudaDataType = int;

inline constexpr cublasStatus_t kCublasSuccess = 0;
inline constexpr cublasStatus_t kCublasAllocFailed = 3;
inline constexpr cublasMath_t kCublasDefaultMath = 0;
inline constexpr cublasOperation_t kCublasPlain = 0;
inline constexpr cublasOperation_t kCublasTransposed = 1;
inline constexpr cublasOperation_t kCublasAdjoint = 2;
inline constexpr cublasComputeType_t kCublasComputeFloat32 = 68;
inline constexpr cublasComputeType_t kCublasComputeTf32 = 77;
inline constexpr cublasComputeType_t kCublasComputeFloat64 = 70;
inline constexpr cublasGemmAlgo_t kCublasDefaultAlgorithm = -1;
inline constexpr cudaDataType kCudaFloat32 = 0;
inline constexpr cudaDataType kCudaFloat64 = 1;
inline constexpr cudaDataType kCudaComplex128 = 5;

// clang-format off
#define GLOCAL_CUBLAS_FUNCTIONS(F) \
  F(cublasCreate_v2, cublasStatus_t, cublasHandle_t*) \
  F(cublasDestroy_v2, cublasStatus_t, cublasHandle_t) \
  F(cublasSetStream_v2, cublasStatus_t, cublasHandle_t, CUstream) \
  F(cublasSetWorkspace_v2, cublasStatus_t, cublasHandle_t, void*, size_t) \
  F(cublasSetMathMode, cublasStatus_t, cublasHandle_t, cublasMath_t) \
  F(cublasGetVersion_v2, cublasStatus_t, cublasHandle_t, int*) \
  F(cublasGemmStridedBatchedEx, cublasStatus_t, cublasHandle_t, cublasOperation_t, \
    cublasOperation_t, int, int, int, const void*, const void*, cudaDataType, int, long long, \
    const void*, cudaDataType, int, long long, const void*, void*, cudaDataType, int, long long, \
    int, cublasComputeType_t, cublasGemmAlgo_t) \
  F(cublasGetStatusString, const char*, cublasStatus_t)
// clang-format on

GLOCAL_FUNCTION_TABLE(Cublas, GLOCAL_CUBLAS_FUNCTIONS)

}  // namespace glocal::cuda
