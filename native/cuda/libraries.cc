#include "cuda/libraries.h"

#include <cctype>
#include <filesystem>
#include <functional>
#include <mutex>
#include <system_error>

#include "cuda/check.h"
#include "cuda/shared_library.h"
#include "errors.h"

namespace glocal::cuda {
namespace {

constexpr int kOldestDriver = 12000;
constexpr char kUpdateDriver[] = "Update NVIDIA's driver.";
constexpr char kInstallLibraries[] =
    "Install the CUDA toolkit, or NVIDIA's wheels for Python, and let GLOCAL_CUDA_PATH name the "
    "folder.";

std::string VersionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// The number after ".so." in the name of a file; 0 if there is none.
int NumberInName(const std::string& path) {
  const size_t at = path.rfind(".so.");
  if (at == std::string::npos || !isdigit(static_cast<unsigned char>(path[at + 4]))) return 0;
  return std::stoi(path.substr(at + 4, 3));
}

SharedLibrary OpenDriverLibrary(const Candidates& candidates) {
  SharedLibrary library = OpenFirst(candidates.driver, {});
  if (!library.handle) {
    throw CodedError("GLOCAL_CUDA_NO_DRIVER", "NVIDIA's driver library", library.complaints,
                     "Install NVIDIA's driver, or use device: \"cpu\".");
  }
  return library;
}

class Opener {
 public:
  const Driver& OpenDriver(const Candidates& candidates) {
    const std::lock_guard<std::mutex> lock(mutex_);
    NeedDriver(candidates);
    return all_.driver;
  }

  const Libraries& OpenAll(const Candidates& candidates) {
    const std::lock_guard<std::mutex> lock(mutex_);
    NeedDriver(candidates);
    if (all_ready_) return all_;
    all_.opened.resize(1);
    NeedNvrtc(candidates);
    NeedCublas(candidates);
    NeedCusolver(candidates);
    all_ready_ = true;
    return all_;
  }

  Libraries Copy() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return all_;
  }

 private:
  void NeedDriver(const Candidates& candidates) {
    if (driver_ready_) return;
    const SharedLibrary library = OpenDriverLibrary(candidates);
    const char* missing = Driver::Fill(all_.driver, library.handle);
    if (missing) {
      throw CodedError("GLOCAL_CUDA_OLD_DRIVER", "a driver that has " + std::string(missing),
                       library.path + ", which lacks it", kUpdateDriver);
    }
    const Driver& driver = all_.driver;
    Initialise(driver, library.path);
    Check(driver, driver.cuDriverGetVersion(&all_.driver_version), "cuDriverGetVersion");
    if (all_.driver_version < kOldestDriver) {
      throw CodedError("GLOCAL_CUDA_OLD_DRIVER",
                       "a driver for CUDA " + VersionText(kOldestDriver) + " or newer",
                       "one for CUDA " + VersionText(all_.driver_version), kUpdateDriver);
    }
    all_.opened = {{"driver", library.path}};
    driver_ready_ = true;
  }

  static void Initialise(const Driver& driver, const std::string& path) {
    const CUresult result = driver.cuInit(0);
    if (result == kCudaSuccess) return;
    const std::string received = Describe(driver, result);
    switch (result) {
      case kCudaNoDevice:
        throw CodedError("GLOCAL_CUDA_NO_DEVICE", "an NVIDIA GPU that this process may use",
                         received, "Check what nvidia-smi and CUDA_VISIBLE_DEVICES say.");
      case kCudaStubLibrary:
        throw CodedError("GLOCAL_CUDA_NO_DRIVER", "NVIDIA's driver library",
                         received + " from " + path, "Install NVIDIA's driver.");
      case kCudaSystemDriverMismatch:
      case kCudaCompatNotSupported:
        throw CodedError("GLOCAL_CUDA_OLD_DRIVER",
                         "a driver whose library fits the one in the kernel", received,
                         kUpdateDriver);
      default:
        ThrowFailure("cuInit", received);
    }
  }

  int DriverMajor() const { return all_.driver_version / 1000; }

  // Libraries of a newer CUDA than the driver's would fail at their first call.
  std::string ObjectionToMajor(int major) const {
    if (major <= DriverMajor()) return "";
    return "it is of CUDA " + std::to_string(major) + ", and the driver is for CUDA " +
           VersionText(all_.driver_version);
  }

  // Opens the first candidate that is not too new, as far as names tell, and has the functions of
  // `table`. `ahead`: CUDA's major version less the library's own number.
  template <class Table>
  SharedLibrary Open(const char* name, const std::vector<std::string>& candidates, Table& table,
                     int ahead = 0) {
    const SharedLibrary library =
        OpenFirst(candidates, {NotTooNew(ahead), [&](void* handle) -> std::string {
                                 const char* missing = Table::Fill(table, handle);
                                 return missing ? "it lacks " + std::string(missing) : "";
                               }});
    if (library.handle) all_.opened.push_back({name, library.path});
    return library;
  }

  // Opens a library that only others call. It is no error of its own if there is none.
  void Preload(const char* name, const std::vector<std::string>& candidates) {
    const SharedLibrary library = OpenFirst(candidates, {NotTooNew(0), nullptr});
    if (library.handle) all_.opened.push_back({name, library.path});
  }

  std::function<std::string(const std::string&)> NotTooNew(int ahead) const {
    return [this, ahead](const std::string& candidate) {
      return ObjectionToMajor(NumberInName(candidate) + ahead);
    };
  }

  // NVRTC looks for its other half by name, which does not find it beside it.
  void OpenBuiltins(const std::string& nvrtc) {
    const std::string name = "libnvrtc-builtins.so." + std::to_string(all_.nvrtc_major) + "." +
                             std::to_string(all_.nvrtc_minor);
    std::error_code failure;
    const std::filesystem::path path(nvrtc), real = std::filesystem::canonical(path, failure);
    Preload("nvrtc-builtins", {path.parent_path() / name, real.parent_path() / name, name});
  }

  void NeedNvrtc(const Candidates& candidates) {
    bool too_new = false;
    const SharedLibrary library = OpenFirst(
        candidates.nvrtc, {nullptr, [&](void* handle) -> std::string {
                             const char* missing = Nvrtc::Fill(all_.nvrtc, handle);
                             if (missing) return "it lacks " + std::string(missing);
                             Check(all_.nvrtc,
                                   all_.nvrtc.nvrtcVersion(&all_.nvrtc_major, &all_.nvrtc_minor),
                                   "nvrtcVersion");
                             const std::string objection = ObjectionToMajor(all_.nvrtc_major);
                             too_new = too_new || !objection.empty();
                             return objection;
                           }});
    if (library.handle) {
      all_.opened.push_back({"nvrtc", library.path});
      OpenBuiltins(library.path);
      return;
    }
    if (too_new) {
      throw CodedError("GLOCAL_CUDA_OLD_DRIVER",
                       "a driver at least as new as the libraries of CUDA", library.complaints,
                       "Update NVIDIA's driver, or install libraries of CUDA " +
                           std::to_string(DriverMajor()) + ".");
    }
    throw CodedError("GLOCAL_CUDA_NO_NVRTC", "NVRTC, which compiles kernels", library.complaints,
                     kInstallLibraries);
  }

  void NeedCublas(const Candidates& candidates) {
    Preload("cublasLt", candidates.cublas_lt);
    const SharedLibrary library = Open("cublas", candidates.cublas, all_.cublas);
    if (library.handle) return;
    throw CodedError("GLOCAL_CUDA_NO_CUBLAS", "cuBLAS", library.complaints, kInstallLibraries);
  }

  void NeedCusolver(const Candidates& candidates) {
    Preload("nvJitLink", candidates.nvjitlink);
    Preload("cusparse", candidates.cusparse);
    const SharedLibrary library = Open("cusolver", candidates.cusolver, all_.cusolver, 1);
    if (library.handle) return;
    if (library.complaints.find("it lacks cusolver") != std::string::npos) {
      throw CodedError("GLOCAL_CUDA_OLD_CUSOLVER",
                       "a cuSOLVER that has cusolverDnXgeev, as since CUDA 12.6",
                       library.complaints, kInstallLibraries);
    }
    throw CodedError("GLOCAL_CUDA_NO_CUSOLVER", "cuSOLVER", library.complaints, kInstallLibraries);
  }

  std::mutex mutex_;
  Libraries all_;
  bool driver_ready_ = false, all_ready_ = false;
};

// Never destroyed: threads may use the libraries until the process is gone.
Opener& TheOpener() {
  static Opener& opener = *new Opener();
  return opener;
}

}  // namespace

const Driver& OpenDriver(const Candidates& candidates) {
  return TheOpener().OpenDriver(candidates);
}

const Libraries& OpenLibraries(const Candidates& candidates) {
  return TheOpener().OpenAll(candidates);
}

void FindDriver(const Candidates& candidates) { OpenDriverLibrary(candidates); }

Libraries OpenedSoFar() { return TheOpener().Copy(); }

}  // namespace glocal::cuda
