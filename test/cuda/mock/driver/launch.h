// Runs a kernel over its whole grid.
#pragma once

#include <vector>

#include "../common/abi.h"
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

// `address` is where a fault happened.
CudaResult Execute(const Launch& launch, const void** address);

}  // namespace mock
