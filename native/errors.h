// Errors that reach the user with a code: GlocalError of lib/errors.ts.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace glocal {

class CodedError : public std::runtime_error {
 public:
  // The parts of "Expected … but received …. Hint".
  CodedError(std::string code, std::string expected, std::string received, std::string hint = "")
      : std::runtime_error("Expected " + expected + " but received " + received + "." +
                           (hint.empty() ? "" : " " + hint)),
        code_(std::move(code)),
        expected_(std::move(expected)),
        received_(std::move(received)),
        hint_(std::move(hint)) {}

  const std::string& code() const { return code_; }
  const std::string& expected() const { return expected_; }
  const std::string& received() const { return received_; }
  const std::string& hint() const { return hint_; }

 private:
  std::string code_, expected_, received_, hint_;
};

// Of the host's memory.
inline CodedError OutOfMemory() {
  return CodedError("GLOCAL_OUT_OF_MEMORY", "enough free memory", "none from the system");
}

}  // namespace glocal
