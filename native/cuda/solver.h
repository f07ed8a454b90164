// cuSOLVER's dense routines on one stream: workspaces, results checked, and the time they take.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cuda/context.h"
#include "cuda/matrix.h"
#include "cuda/stream.h"
#include "cuda/timer.h"

namespace glocal::cuda {

class Solver {
 public:
  Solver(std::shared_ptr<const Context> context, MatrixMemory& memory, const Stream& stream);
  ~Solver();
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  // All of these overwrite A, whose columns must be dense, and wait for the device. They throw
  // GLOCAL_LINALG where a routine gives up.

  // A (m×n) becomes the reflectors and R of its QR; `tau` has min(m, n) entries.
  void Xgeqrf(const Matrix& a, const Matrix& tau);
  // Reflectors (m×k) become the first k columns of Q.
  void Dorgqr(const Matrix& a, const Matrix& tau);
  // Thin SVD of A (m×n), m ≥ n: s has n real entries, u is m×n, vt is n×n (Vᴴ).
  void Xgesvd(const Matrix& a, const Matrix& s, const Matrix& u, const Matrix& vt);
  // Eigenvalues (n complex) and right eigenvectors (n×n real, packed as dgeev does) of a real A.
  void Xgeev(const Matrix& a, const Matrix& values, const Matrix& vectors);

  // Between events around the calls so far, by routine.
  const std::map<std::string, double>& milliseconds() const { return milliseconds_; }

 private:
  struct Workspace {
    void* device;
    size_t device_bytes;
    void* host;
    size_t host_bytes;
    int* info;
  };
  using AskSizes = std::function<cusolverStatus_t(size_t* device_bytes, size_t* host_bytes)>;
  using Routine = std::function<cusolverStatus_t(const Workspace&)>;

  void Run(const char* name, const AskSizes& sizes, const Routine& routine);
  const Cusolver& library() const { return context_->libraries().cusolver; }

  std::shared_ptr<const Context> context_;
  MatrixMemory& memory_;
  const Stream& stream_;
  std::shared_ptr<const DeviceMemory> info_;
  cusolverDnHandle_t handle_ = nullptr;
  cusolverDnParams_t params_ = nullptr;
  Timer timer_;
  std::map<std::string, double> milliseconds_;
};

}  // namespace glocal::cuda
