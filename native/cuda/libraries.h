// NVIDIA's libraries, opened at run time. Each is opened once for the whole process and kept: what
// is returned never changes, and any thread may use it.
#pragma once

#include <string>
#include <vector>

#include "cuda/api/cublas.h"
#include "cuda/api/cusolver.h"
#include "cuda/api/driver.h"
#include "cuda/api/nvrtc.h"

namespace glocal::cuda {

// Paths or bare names of each library, tried in order.
struct Candidates {
  std::vector<std::string> driver, nvrtc, nvjitlink, cublas_lt, cublas, cusparse, cusolver;
};

struct OpenedLibrary {
  const char* name;
  std::string path;
};

struct Libraries {
  Driver driver;
  int driver_version = 0;  // of CUDA, 1000 · major + 10 · minor
  Nvrtc nvrtc;
  int nvrtc_major = 0, nvrtc_minor = 0;
  Cublas cublas;
  Cusolver cusolver;
  std::vector<OpenedLibrary> opened;
};

// The driver, initialised. Throws a CodedError: GLOCAL_CUDA_NO_DRIVER, _OLD_DRIVER, _NO_DEVICE.
const Driver& OpenDriver(const Candidates& candidates);

// The rest, after the driver: GLOCAL_CUDA_NO_NVRTC, _OLD_DRIVER (older than every compiler found),
// _NO_CUBLAS, _NO_CUSOLVER, _OLD_CUSOLVER.
const Libraries& OpenLibraries(const Candidates& candidates);

// Throws GLOCAL_CUDA_NO_DRIVER unless some candidate can be opened; initialises nothing.
void FindDriver(const Candidates& candidates);

// What has been opened so far.
Libraries OpenedSoFar();

}  // namespace glocal::cuda
