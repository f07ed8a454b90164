#include "cpu/dispatch.h"

#include <stdexcept>
#include <string>

namespace glocal::cpu {

std::vector<const Kernels*> UsableKernels() {
  std::vector<const Kernels*> usable = {&baseline::kTable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2) usable.push_back(&avx2::kTable);
  if (avx2 && avx512) usable.push_back(&avx512::kTable);
#endif
  return usable;
}

const Kernels& ChooseKernels(std::string_view name) {
  const std::vector<const Kernels*> usable = UsableKernels();
  if (name.empty()) return *usable.back();
  std::string names;
  for (const Kernels* kernels : usable) {
    if (name == kernels->name) return *kernels;
    names += (names.empty() ? "\"" : ", \"") + std::string(kernels->name) + "\"";
  }
  throw std::invalid_argument("Expected simd to be one of " + names + " but received \"" +
                              std::string(name) + "\".");
}

}  // namespace glocal::cpu
