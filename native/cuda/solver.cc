#include "cuda/solver.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"

namespace glocal::cuda {
namespace {

void Check(cusolverStatus_t status, const char* what) {
  if (status == kCusolverSuccess) return;
  ThrowFailure(what, "cuSOLVER's status " + std::to_string(status), status == kCusolverAllocFailed);
}

cudaDataType TypeOf(const Matrix& a) { return a.complex ? kCudaComplex128 : kCudaFloat64; }

}  // namespace

Solver::Solver(std::shared_ptr<const Context> context, MatrixMemory& memory, const Stream& stream)
    : context_(std::move(context)),
      memory_(memory),
      stream_(stream),
      info_(memory.Take(sizeof(int))),
      timer_(context_) {
  Check(library().cusolverDnCreate(&handle_), "cusolverDnCreate");
  try {
    Check(library().cusolverDnSetStream(handle_, stream_.get()), "cusolverDnSetStream");
    Check(library().cusolverDnCreateParams(&params_), "cusolverDnCreateParams");
  } catch (...) {
    library().cusolverDnDestroy(handle_);
    throw;
  }
}

Solver::~Solver() {
  library().cusolverDnDestroyParams(params_);
  library().cusolverDnDestroy(handle_);
}

void Solver::Run(const char* name, const AskSizes& sizes, const Routine& routine) {
  size_t device_bytes = 0, host_bytes = 0;
  Check(sizes(&device_bytes, &host_bytes), name);
  const auto device = memory_.Take(static_cast<int64_t>(device_bytes));
  std::vector<std::byte> host(host_bytes);
  const Workspace workspace{reinterpret_cast<void*>(device->address()), device_bytes, host.data(),
                            host_bytes, reinterpret_cast<int*>(info_->address())};
  timer_.Begin(stream_);
  Check(routine(workspace), name);
  timer_.End(stream_);
  int info = 0;
  context_->Call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, static_cast<void*>(&info),
                 info_->address(), sizeof(info), stream_.get());
  stream_.Synchronize();
  milliseconds_[name] += timer_.Milliseconds();
  if (info != 0) {
    throw CodedError("GLOCAL_LINALG",
                     std::string(name) + (info < 0 ? " to accept its arguments" : " to converge"),
                     "info = " + std::to_string(info));
  }
}

void Solver::Xgeqrf(const Matrix& a, const Matrix& tau) {
  Run(
      "cusolverDnXgeqrf",
      [&](size_t* device_bytes, size_t* host_bytes) {
        return library().cusolverDnXgeqrf_bufferSize(
            handle_, params_, a.rows, a.columns, kCudaFloat64, a.pointer(), a.rows, kCudaFloat64,
            tau.pointer(), kCudaFloat64, device_bytes, host_bytes);
      },
      [&](const Workspace& work) {
        return library().cusolverDnXgeqrf(handle_, params_, a.rows, a.columns, kCudaFloat64,
                                          a.pointer(), a.rows, kCudaFloat64, tau.pointer(),
                                          kCudaFloat64, work.device, work.device_bytes, work.host,
                                          work.host_bytes, work.info);
      });
}

void Solver::Dorgqr(const Matrix& a, const Matrix& tau) {
  const int m = static_cast<int>(a.rows), k = static_cast<int>(a.columns);
  auto* const reflectors = static_cast<double*>(a.pointer());
  auto* const factors = static_cast<double*>(tau.pointer());
  int numbers = 0;
  Run(
      "cusolverDnDorgqr",
      [&](size_t* device_bytes, size_t*) {
        const cusolverStatus_t status = library().cusolverDnDorgqr_bufferSize(
            handle_, m, k, k, reflectors, m, factors, &numbers);
        *device_bytes = static_cast<size_t>(std::max(numbers, 1)) * sizeof(double);
        return status;
      },
      [&](const Workspace& work) {
        return library().cusolverDnDorgqr(handle_, m, k, k, reflectors, m, factors,
                                          static_cast<double*>(work.device), numbers, work.info);
      });
}

void Solver::Xgesvd(const Matrix& a, const Matrix& s, const Matrix& u, const Matrix& vt) {
  const cudaDataType type = TypeOf(a);
  Run(
      "cusolverDnXgesvd",
      [&](size_t* device_bytes, size_t* host_bytes) {
        return library().cusolverDnXgesvd_bufferSize(
            handle_, params_, 'S', 'S', a.rows, a.columns, type, a.pointer(), a.rows, kCudaFloat64,
            s.pointer(), type, u.pointer(), u.rows, type, vt.pointer(), vt.rows, type, device_bytes,
            host_bytes);
      },
      [&](const Workspace& work) {
        return library().cusolverDnXgesvd(
            handle_, params_, 'S', 'S', a.rows, a.columns, type, a.pointer(), a.rows, kCudaFloat64,
            s.pointer(), type, u.pointer(), u.rows, type, vt.pointer(), vt.rows, type, work.device,
            work.device_bytes, work.host, work.host_bytes, work.info);
      });
}

// Left eigenvectors are not supported; their place must still have a type and a leading dimension.
void Solver::Xgeev(const Matrix& a, const Matrix& values, const Matrix& vectors) {
  const int64_t n = a.rows;
  Run(
      "cusolverDnXgeev",
      [&](size_t* device_bytes, size_t* host_bytes) {
        return library().cusolverDnXgeev_bufferSize(
            handle_, params_, kCusolverNoVectors, kCusolverVectors, n, kCudaFloat64, a.pointer(), n,
            kCudaComplex128, values.pointer(), kCudaFloat64, nullptr, n, kCudaFloat64,
            vectors.pointer(), n, kCudaFloat64, device_bytes, host_bytes);
      },
      [&](const Workspace& work) {
        return library().cusolverDnXgeev(handle_, params_, kCusolverNoVectors, kCusolverVectors, n,
                                         kCudaFloat64, a.pointer(), n, kCudaComplex128,
                                         values.pointer(), kCudaFloat64, nullptr, n, kCudaFloat64,
                                         vectors.pointer(), n, kCudaFloat64, work.device,
                                         work.device_bytes, work.host, work.host_bytes, work.info);
      });
}

}  // namespace glocal::cuda
