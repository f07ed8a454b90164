// Reads a stream of numbers written by lib/lower/encode.ts or lib/native/job.ts.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace glocal {

[[noreturn]] inline void ThrowExpected(const std::string& expected, const std::string& received) {
  throw std::invalid_argument("Expected " + expected + " but received " + received + ".");
}

class NumberReader {
 public:
  NumberReader(const double* numbers, size_t length) : at_(numbers), end_(numbers + length) {}

  bool done() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  double Number(const char* what) {
    if (done()) ThrowExpected(what, "the end of the stream");
    return *at_++;
  }

  // An integer in [low, high]. The bounds must be exact as doubles.
  int64_t Integer(const char* what, int64_t low, int64_t high) {
    const double value = Number(what);
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) ||
        value != std::floor(value)) {
      ThrowExpected(std::string(what) + " to be an integer in [" + std::to_string(low) + ", " +
                        std::to_string(high) + "]",
                    std::to_string(value));
    }
    return static_cast<int64_t>(value);
  }

  // The next `length` numbers as a stream of their own.
  NumberReader Part(const char* what, size_t length) {
    if (length > left()) ThrowExpected(what, "the end of the stream");
    const NumberReader part(at_, length);
    at_ += length;
    return part;
  }

 private:
  const double* at_;
  const double* end_;
};

// Doubles hold integers exactly up to here.
inline constexpr int64_t kLargestInteger = int64_t{1} << 53;

}  // namespace glocal
