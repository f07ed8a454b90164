#pragma once

namespace glocal {

// Processors that this process may use, which in a container are fewer than the machine's.
int UsableProcessors();

}  // namespace glocal
