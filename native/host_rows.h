// Rows of a table on the host, on their way to a device.
#pragma once

#include <cstddef>
#include <cstdint>

namespace glocal {

struct HostRows {
  const std::byte* table = nullptr;
  int64_t row_bytes = 0;  // in the table
  // Which rows, in order; all lie in the table.
  const int32_t* index = nullptr;
  int64_t count = 0;
  // What a byte of the table stands for: 256 values. Null when the bytes are meant as they are.
  const std::byte* values = nullptr;
  int64_t value_bytes = 1;

  // Of what arrives at the device.
  int64_t bytes() const { return count * row_bytes * value_bytes; }
};

// Writes rows [begin, end) to where they belong in a target that all of them are meant for.
void CopyRows(const HostRows& rows, int64_t begin, int64_t end, std::byte* target);

}  // namespace glocal
