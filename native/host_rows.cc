#include "host_rows.h"

#include <cstring>

namespace glocal {
namespace {

template <class Value>
void CopyDecoded(const HostRows& rows, int64_t begin, int64_t end, std::byte* target) {
  Value values[256];
  std::memcpy(values, rows.values, sizeof(values));
  const int64_t length = rows.row_bytes;
  for (int64_t i = begin; i < end; i++) {
    const std::byte* row = rows.table + rows.index[i] * length;
    std::byte* to = target + i * length * static_cast<int64_t>(sizeof(Value));
    for (int64_t j = 0; j < length; j++) {
      std::memcpy(to, &values[static_cast<uint8_t>(row[j])], sizeof(Value));
      to += sizeof(Value);
    }
  }
}

}  // namespace

void CopyRows(const HostRows& rows, int64_t begin, int64_t end, std::byte* target) {
  if (rows.values) {
    return rows.value_bytes == 8 ? CopyDecoded<uint64_t>(rows, begin, end, target)
                                 : CopyDecoded<uint32_t>(rows, begin, end, target);
  }
  for (int64_t i = begin; i < end; i++) {
    std::memcpy(target + i * rows.row_bytes, rows.table + rows.index[i] * rows.row_bytes,
                static_cast<size_t>(rows.row_bytes));
  }
}

}  // namespace glocal
