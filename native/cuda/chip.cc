#include "cuda/chip.h"

#include "cuda/check.h"

namespace glocal::cuda {
namespace {

constexpr int kOldestMajor = 8;

Chip ChipAt(const Driver& driver, int ordinal) {
  Chip chip;
  CUdevice device;
  char name[256] = {};
  size_t bytes = 0;
  Check(driver, driver.cuDeviceGet(&device, ordinal), "cuDeviceGet");
  Check(driver, driver.cuDeviceGetName(name, sizeof(name) - 1, device), "cuDeviceGetName");
  Check(driver, driver.cuDeviceGetAttribute(&chip.major, kMajorOfComputeCapability, device),
        "cuDeviceGetAttribute");
  Check(driver, driver.cuDeviceGetAttribute(&chip.minor, kMinorOfComputeCapability, device),
        "cuDeviceGetAttribute");
  Check(driver, driver.cuDeviceTotalMem_v2(&bytes, device), "cuDeviceTotalMem");
  chip.name = name;
  chip.memory_bytes = static_cast<int64_t>(bytes);
  return chip;
}

}  // namespace

std::vector<Chip> AllChips(const Driver& driver) {
  int count = 0;
  Check(driver, driver.cuDeviceGetCount(&count), "cuDeviceGetCount");
  std::vector<Chip> chips;
  for (int i = 0; i < count; i++) chips.push_back(ChipAt(driver, i));
  return chips;
}

const Chip& UsableChip(const std::vector<Chip>& chips, int ordinal) {
  const int count = static_cast<int>(chips.size());
  if (ordinal >= count) {
    throw CodedError("GLOCAL_CUDA_NO_DEVICE",
                     "a GPU with the number " + std::to_string(ordinal) + ", counted from 0",
                     count == 0 ? "none" : "only " + std::to_string(count),
                     "Check what nvidia-smi and CUDA_VISIBLE_DEVICES say.");
  }
  const Chip& chip = chips[ordinal];
  if (chip.major < kOldestMajor) {
    throw CodedError(
        "GLOCAL_CUDA_UNSUPPORTED_CHIP",
        "a GPU of compute capability " + std::to_string(kOldestMajor) + ".0 (Ampere) or newer",
        chip.name + " of " + std::to_string(chip.major) + "." + std::to_string(chip.minor),
        "Use device: \"cpu\".");
  }
  return chip;
}

}  // namespace glocal::cuda
