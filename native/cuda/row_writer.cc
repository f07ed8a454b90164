#include "cuda/row_writer.h"

#include <algorithm>
#include <vector>

#include "parallel.h"

namespace glocal::cuda {
namespace {

constexpr int64_t kBytesOfPiece = int64_t{4} << 20;

// Rows [begin, begin + count) as rows of their own.
HostRows Piece(const HostRows& rows, int64_t begin, int64_t count) {
  HostRows piece = rows;
  piece.index += begin;
  piece.count = count;
  return piece;
}

}  // namespace

void WriteRows(const Transfers& transfers, CUdeviceptr target, const HostRows& rows) {
  const int64_t row_bytes = rows.row_bytes * rows.value_bytes;
  if (rows.bytes() == 0) return;
  const int64_t rows_of_piece = std::max<int64_t>(1, kBytesOfPiece / row_bytes);
  const int64_t pieces = (rows.count + rows_of_piece - 1) / rows_of_piece;
  RunOnThreads(pieces, [&](int64_t i) {
    const int64_t begin = i * rows_of_piece;
    const HostRows piece = Piece(rows, begin, std::min(rows_of_piece, rows.count - begin));
    std::vector<std::byte> decoded(static_cast<size_t>(piece.bytes()));
    CopyRows(piece, 0, piece.count, decoded.data());
    transfers.ToDevice(target + begin * row_bytes, decoded.data(), piece.bytes());
  });
}

}  // namespace glocal::cuda
