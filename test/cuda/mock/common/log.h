// One line of JSON for each call, appended to the file that MOCK_CUDA_LOG names.
#pragma once

#include <concepts>
#include <string>

namespace mock {

class LogLine {
 public:
  explicit LogLine(const char* call);

  template <std::integral T>
  LogLine& Add(const char* key, T value) {
    return AddText(key, std::to_string(value));
  }
  LogLine& Add(const char* key, bool value) { return AddText(key, value ? "true" : "false"); }
  LogLine& Add(const char* key, double value);
  LogLine& Add(const char* key, const char* value);
  LogLine& Add(const char* key, const std::string& value) { return Add(key, value.c_str()); }
  LogLine& Add(const char* key, unsigned x, unsigned y, unsigned z);

  void Write();

 private:
  LogLine& AddText(const char* key, const std::string& json);

  bool wanted_;
  std::string text_;
};

// Says what the caller did wrong, in a line of its own; on standard error if there is no log.
void Problem(const char* format, ...) __attribute__((format(printf, 1, 2)));

long long ThreadNumber();

}  // namespace mock
