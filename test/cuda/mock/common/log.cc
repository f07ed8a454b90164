#include "log.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace mock {
namespace {

const char* LogPath() {
  const char* path = std::getenv("MOCK_CUDA_LOG");
  return path != nullptr && *path != 0 ? path : nullptr;
}

// One write to a file opened for appending, so that lines of several libraries and threads do not
// mix.
void Append(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  if (write(file, text.data(), text.size()) < 0) perror(path);
  close(file);
}

std::string Quoted(const char* text) {
  std::string quoted = "\"";
  for (const char* c = text; *c != 0; ++c) {
    if (*c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(*c) < 0x20) {
      quoted += ' ';
    } else {
      if (*c == '"' || *c == '\\') quoted += '\\';
      quoted += *c;
    }
  }
  return quoted + '"';
}

}  // namespace

long long ThreadNumber() {
  static thread_local const long long number = syscall(SYS_gettid);
  return number;
}

LogLine::LogLine(const char* call) : wanted_(LogPath() != nullptr) {
  if (!wanted_) return;
  text_ = "{\"call\":" + Quoted(call);
  Add("thread", ThreadNumber());
}

LogLine& LogLine::AddText(const char* key, const std::string& json) {
  if (wanted_) text_ += ",\"" + std::string(key) + "\":" + json;
  return *this;
}

LogLine& LogLine::Add(const char* key, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return AddText(key, text);
}

LogLine& LogLine::Add(const char* key, const char* value) { return AddText(key, Quoted(value)); }

LogLine& LogLine::Add(const char* key, unsigned x, unsigned y, unsigned z) {
  char text[64];
  std::snprintf(text, sizeof text, "[%u,%u,%u]", x, y, z);
  return AddText(key, text);
}

void LogLine::Write() {
  const char* path = LogPath();
  if (wanted_ && path != nullptr) Append(path, text_ + "}\n");
}

void Problem(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (LogPath() == nullptr) {
    std::fprintf(stderr, "mock CUDA: %s\n", text);
  } else {
    LogLine("problem").Add("text", text).Write();
  }
}

}  // namespace mock
