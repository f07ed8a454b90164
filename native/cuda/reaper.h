// A thread of the process that gives things back to the driver, which may wait for the GPU: never
// the garbage collector's thread, which is JavaScript's.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace glocal::cuda {

class Reaper {
 public:
  // Runs `work` on the reaper's thread, after what was given before. `work` must not throw.
  static void Give(std::function<void()> work);

  // Returns when all that was given before is done. Not from the reaper's own thread.
  static void Wait();
};

// Something that is destroyed on the reaper's thread.
template <class T, class... Arguments>
std::shared_ptr<T> MakeReaped(Arguments&&... arguments) {
  return std::shared_ptr<T>(new T(std::forward<Arguments>(arguments)...),
                            [](T* thing) { Reaper::Give([thing] { delete thing; }); });
}

}  // namespace glocal::cuda
