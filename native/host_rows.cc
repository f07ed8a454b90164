#include "host_rows.h"

#include <cstring>

namespace glocal {
namespace {

template <class Value>
void CopyDecoded(const HostRows& rows, std::byte* target) {
  Value values[256];
  std::memcpy(values, rows.values, sizeof(values));
  for (int64_t i = 0; i < rows.count; i++) {
    const std::byte* row = rows.table + rows.index[i] * rows.row_bytes;
    for (int64_t j = 0; j < rows.row_bytes; j++) {
      std::memcpy(target, &values[static_cast<uint8_t>(row[j])], sizeof(Value));
      target += sizeof(Value);
    }
  }
}

}  // namespace

void CopyRows(const HostRows& rows, std::byte* target) {
  if (rows.values) {
    return rows.value_bytes == 8 ? CopyDecoded<uint64_t>(rows, target)
                                 : CopyDecoded<uint32_t>(rows, target);
  }
  for (int64_t i = 0; i < rows.count; i++) {
    std::memcpy(target + i * rows.row_bytes, rows.table + rows.index[i] * rows.row_bytes,
                static_cast<size_t>(rows.row_bytes));
  }
}

}  // namespace glocal
