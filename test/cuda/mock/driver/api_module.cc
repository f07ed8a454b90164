// libcuda: modules and launches.
#include <cstring>

#include "../common/settings.h"
#include "launch.h"
#include "state.h"

using mock::Call;
using mock::CudaResult;
using mock::Driver;
using mock::Function;
using mock::Launch;
using mock::LogLine;
using mock::Module;
using mock::Needs;

namespace mock {
namespace {

// Keys of the `extra` form of cuLaunchKernel.
void* const kExtraEnd = nullptr;
void* const kExtraBuffer = reinterpret_cast<void*>(1);
void* const kExtraBufferSize = reinterpret_cast<void*>(2);

bool PackExtra(const Function& function, void** extra, std::vector<char>* parameters) {
  const char* buffer = nullptr;
  size_t bytes = 0;
  for (void** at = extra; *at != kExtraEnd; at += 2) {
    if (at[0] == kExtraBuffer) buffer = static_cast<const char*>(at[1]);
    if (at[0] == kExtraBufferSize) bytes = *static_cast<const size_t*>(at[1]);
  }
  if (bytes != function.parameter_bytes) {
    Problem("launch of %s: expected %zu bytes of parameters, got %zu", function.name.c_str(),
            function.parameter_bytes, bytes);
    return false;
  }
  if (bytes > 0) parameters->assign(buffer, buffer + bytes);
  return true;
}

void PackOneByOne(const Function& function, void** values, std::vector<char>* parameters) {
  for (const int* size = function.kernel->parameter_sizes; *size != 0; ++size, ++values) {
    const char* value = static_cast<const char*>(*values);
    parameters->insert(parameters->end(), value, value + *size);
  }
}

void Explain(const Driver& driver, const Module& module, CudaResult result, const Fault& fault,
             const std::string& name) {
  if (fault.instruction == nullptr) return;  // a barrier, which has been explained
  const std::string where = module.SourceOf(fault.instruction);
  if (result == kIllegalAddress) {
    Problem("kernel %s at %s accessed %p: %s", name.c_str(), where.c_str(), fault.address,
            driver.memory.Explain(fault.address).c_str());
  } else {
    Problem(
        "kernel %s at %s: an index beyond an array, an address that is not aligned, or a "
        "division by zero",
        name.c_str(), where.c_str());
  }
}

CudaResult RunKernel(Driver& driver, Module* module, const Launch& launch,
                     const std::string& name) {
  if (driver.modules.Find(module) == nullptr) {
    Problem("kernel %s runs after its module was unloaded", name.c_str());
    return kInvalidHandle;
  }
  Fault fault;
  const CudaResult result = Execute(launch, &fault);
  if (result != kSuccess) Explain(driver, *module, result, fault, name);
  return result;
}

// Kernel functions are handles too.
Function* KnownFunction(Driver& driver, void* handle) {
  for (const auto& [key, module] : driver.modules.items()) {
    if (module->Owns(handle)) return static_cast<Function*>(handle);
  }
  return nullptr;
}

}  // namespace
}  // namespace mock

MOCK_API int cuModuleLoadData(void** result, const void* image) {
  return Call("cuModuleLoadData", Needs::kContext, [&](Driver& driver, LogLine& line) {
    if (image == nullptr) return mock::kInvalidValue;
    if (const CudaResult refused = driver.RefuseWhileCapturing()) return refused;
    std::unique_ptr<Module> module;
    if (const CudaResult failed = Module::Load(image, mock::SettingChip(), &module)) return failed;
    module->number = ++driver.last_module;
    line.Add("module", module->number);
    *result = driver.modules.Add(std::move(module));
    return mock::kSuccess;
  });
}

MOCK_API int cuModuleUnload(void* handle) {
  return Call("cuModuleUnload", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Module* module = driver.modules.Find(handle);
    if (module == nullptr) return mock::kInvalidHandle;
    line.Add("module", module->number);
    if (const CudaResult refused = driver.RefuseWhileCapturing()) return refused;
    driver.modules.Remove(handle);
    return mock::kSuccess;
  });
}

MOCK_API int cuModuleGetFunction(void** result, void* handle, const char* name) {
  return Call("cuModuleGetFunction", Needs::kContext, [&](Driver& driver, LogLine& line) {
    Module* module = driver.modules.Find(handle);
    if (module == nullptr) return mock::kInvalidHandle;
    line.Add("module", module->number).Add("kernel", name);
    Function* function = module->Find(name);
    if (function == nullptr) return mock::kNotFound;
    *result = function;
    return mock::kSuccess;
  });
}

MOCK_API int cuLaunchKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                            unsigned block_x, unsigned block_y, unsigned block_z,
                            unsigned shared_bytes, void* stream, void** values, void** extra) {
  return Call("cuLaunchKernel", Needs::kContext, [&](Driver& driver, LogLine& line) {
    const Function* function = mock::KnownFunction(driver, handle);
    if (function == nullptr) return mock::kInvalidHandle;
    Launch launch{function, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, {}};
    const mock::Stream* live = driver.streams.Find(stream);
    line.Add("kernel", function->name).Add("grid", grid_x, grid_y, grid_z);
    line.Add("block", block_x, block_y, block_z).Add("stream", driver.StreamNumber(stream));
    line.Add("captured", live != nullptr && live->capture.has_value());

    if (const CudaResult wrong = CheckShape(*function, launch.grid, launch.block)) return wrong;
    if (shared_bytes != 0) {
      mock::Problem("launch of %s: the mock knows no dynamic shared memory",
                    function->name.c_str());
      return mock::kInvalidValue;
    }
    if (extra != nullptr && values != nullptr) return mock::kInvalidValue;
    if (extra != nullptr) {
      if (!mock::PackExtra(*function, extra, &launch.parameters)) return mock::kInvalidValue;
    } else if (values != nullptr) {
      mock::PackOneByOne(*function, values, &launch.parameters);
    } else if (function->parameter_bytes > 0) {
      return mock::kInvalidValue;
    }
    Module* module = function->module;
    return driver.Submit(stream, {function->name, [=, &driver, name = function->name] {
                                    return mock::RunKernel(driver, module, launch, name);
                                  }});
  });
}
