// Runs a kernel over its whole grid.
#pragma once

#include <vector>

#include "../common/abi.h"
#include "faults.h"
#include "module.h"

namespace mock {

struct Launch {
  const Function* function;
  MockSize3 grid;
  MockSize3 block;
  std::vector<char> parameters;
};

// The limits of a real chip.
CudaResult CheckShape(const Function& function, MockSize3 grid, MockSize3 block);

CudaResult Execute(const Launch& launch, Fault* fault);

}  // namespace mock
