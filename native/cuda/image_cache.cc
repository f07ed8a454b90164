#include "cuda/image_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace glocal::cuda {
namespace {

// A file: header, key, image. The whole key is compared, so no other's image is ever taken for it.
struct Header {
  char magic[8];
  uint64_t key_bytes, image_bytes, checksum;
};
constexpr char kMagic[8] = {'g', 'l', 'o', 'c', 'a', 'l', 'k', '1'};

// FNV-1a.
template <class Word>
Word Hash(const std::string& text, Word hash, Word prime) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return hash;
}

uint64_t Checksum(const std::string& text) {
  return Hash<uint64_t>(text, 0xcbf29ce484222325, 0x100000001b3);
}

std::string NameOf(const std::string& key) {
  using Word = unsigned __int128;
  const auto word = [](uint64_t high, uint64_t low) { return Word{high} << 64 | low; };
  const Word hash =
      Hash<Word>(key, word(0x6c62272e07bb0142, 0x62b821756295c58d), word(0x1000000, 0x13b));
  char name[33];
  std::snprintf(name, sizeof(name), "%016llx%016llx", static_cast<unsigned long long>(hash >> 64),
                static_cast<unsigned long long>(hash));
  return name;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return file ? std::optional(std::move(bytes).str()) : std::nullopt;
}

bool WriteFile(const std::string& path, const std::string& bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(file, bytes.data() + written, bytes.size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  return close(file) == 0 && written == bytes.size();
}

}  // namespace

std::string ImageCache::PathOf(const std::string& key) const {
  return folder_ + "/" + NameOf(key) + ".cubin";
}

std::optional<std::string> ImageCache::Find(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const std::optional<std::string> file = ReadFile(PathOf(key));
  Header header;
  if (!file || file->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, file->data(), sizeof(header));
  const size_t left = file->size() - sizeof(header);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0 || header.key_bytes != key.size() ||
      left < key.size() || header.image_bytes != left - key.size() ||
      file->compare(sizeof(header), key.size(), key) != 0) {
    return std::nullopt;
  }
  std::string image = file->substr(sizeof(header) + key.size());
  if (Checksum(image) != header.checksum) return std::nullopt;
  return image;
}

// Written beside and renamed, so that no process ever reads half a file.
void ImageCache::Store(const std::string& key, const std::string& image) const {
  if (folder_.empty()) return;
  std::error_code failure;
  std::filesystem::create_directories(folder_, failure);
  Header header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.key_bytes = key.size();
  header.image_bytes = image.size();
  header.checksum = Checksum(image);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes += key;
  bytes += image;
  static std::atomic<int> count{0};
  const std::string path = PathOf(key);
  const std::string beside =
      path + "." + std::to_string(getpid()) + "-" + std::to_string(count++) + ".tmp";
  if (!WriteFile(beside, bytes) || std::rename(beside.c_str(), path.c_str()) != 0) {
    unlink(beside.c_str());
  }
}

}  // namespace glocal::cuda
