// Independent tasks on threads that are made for them: for work of milliseconds and more.
#pragma once

#include <cstdint>
#include <functional>

namespace glocal {

// Runs task(0) … task(count - 1) on as many threads as there are processors, the caller's among
// them. Throws what one of them threw, when all are done.
void RunOnThreads(int64_t count, const std::function<void(int64_t)>& task);

}  // namespace glocal
