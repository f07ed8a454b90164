#pragma once

#include "cuda/buffer.h"
#include "host_rows.h"

namespace glocal::cuda {

// Decodes rows on several threads of the host and copies them to `target`.
void WriteRows(const Transfers& transfers, CUdeviceptr target, const HostRows& rows);

}  // namespace glocal::cuda
