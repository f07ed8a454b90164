#include "cuda/probe.h"

#include <exception>

#include "cuda/compiler.h"
#include "errors.h"

namespace glocal::cuda {

Probe ProbeCuda(const CudaOptions& options) {
  Probe probe;
  try {
    probe.chips = AllChips(OpenDriver(options.libraries));
    const Chip& chip = UsableChip(probe.chips, options.ordinal);
    TargetFor(chip, OpenLibraries(options.libraries));
    probe.usable = true;
  } catch (const CodedError& e) {
    probe.code = e.code();
    probe.reason = e.what();
  } catch (const std::exception& e) {
    probe.code = "GLOCAL_CUDA";
    probe.reason = e.what();
  }
  const Libraries opened = OpenedSoFar();
  probe.driver_version = opened.driver_version;
  probe.libraries = opened.opened;
  return probe;
}

}  // namespace glocal::cuda
