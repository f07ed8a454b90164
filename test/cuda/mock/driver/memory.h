// Device memory, which is host memory between guards. Every range that a call names is checked.
#pragma once

#include <map>
#include <string>

#include "../common/abi.h"

namespace mock {

class Memory {
 public:
  CudaResult Allocate(size_t bytes, DevicePointer* pointer);
  CudaResult Free(DevicePointer pointer);

  // Whether the range lies within one live allocation; says so if not.
  bool Check(const char* what, DevicePointer start, size_t bytes) const;

  // Whether something was written beside an allocation; says so.
  bool GuardsAreWhole() const;

  // "3+128": offset 128 in allocation number 3, as the log names places.
  std::string Name(DevicePointer pointer) const;

  // What lies at an address that a kernel could not access.
  std::string Explain(const void* address) const;

  // All that was not freed; for the end of a context.
  void Clear();

  size_t used() const { return used_; }
  size_t count() const { return live_.size(); }

 private:
  struct Allocation {
    int number;
    size_t bytes;
    char* mapped;  // a page that can not be accessed, the front pad, the data, the back pad, a page
    size_t mapped_bytes;
  };
  using Allocations = std::map<DevicePointer, Allocation>;

  static bool GuardIsWhole(DevicePointer start, const Allocation& allocation);
  static void Revoke(const Allocation& allocation);
  // The last allocation that starts at or before the pointer.
  static Allocations::const_iterator Before(const Allocations& allocations, DevicePointer pointer);

  Allocations live_;
  Allocations freed_;  // their addresses are never used again
  size_t used_ = 0;
  int last_number_ = 0;
};

}  // namespace mock
