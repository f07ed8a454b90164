// Compiled kernels on disk, from one process to the next.
#pragma once

#include <optional>
#include <string>

namespace glocal::cuda {

class ImageCache {
 public:
  // A folder, made when something is stored; empty for no cache at all.
  explicit ImageCache(std::string folder) : folder_(std::move(folder)) {}

  // What was stored under just this key; nothing if there is none or the file is damaged.
  std::optional<std::string> Find(const std::string& key) const;

  // Nothing happens where the folder cannot be written.
  void Store(const std::string& key, const std::string& image) const;

 private:
  std::string PathOf(const std::string& key) const;

  std::string folder_;
};

}  // namespace glocal::cuda
