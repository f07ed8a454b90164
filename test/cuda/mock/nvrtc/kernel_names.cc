#include "kernel_names.h"

#include <cctype>

namespace mock {
namespace {

constexpr char kGlobal[] = "__global__";
constexpr char kBounds[] = "__launch_bounds__";

bool InName(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

size_t SkipSpace(const std::string& text, size_t at) {
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
  return at;
}

size_t EndOfName(const std::string& text, size_t at) {
  while (at < text.size() && InName(text[at])) ++at;
  return at;
}

// Just behind the parenthesis that closes the one at `at`.
size_t EndOfParentheses(const std::string& text, size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) return at + 1;
  }
  return at;
}

void Blank(std::string* text, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    if ((*text)[i] != '\n') (*text)[i] = ' ';
  }
}

// The first argument within "(a, b)" that spans [from, to).
std::string FirstArgument(const std::string& text, size_t from, size_t to) {
  int depth = 0;
  size_t end = from + 1;
  for (; end < to - 1; ++end) {
    if (text[end] == '(' || text[end] == '<') ++depth;
    if (text[end] == ')' || text[end] == '>') --depth;
    if (text[end] == ',' && depth == 0) break;
  }
  return text.substr(from + 1, end - from - 1);
}

}  // namespace

std::vector<KernelDeclaration> TakeKernels(std::string* text) {
  std::vector<KernelDeclaration> kernels;
  for (size_t at = text->find(kGlobal); at != std::string::npos; at = text->find(kGlobal, at)) {
    const size_t start = at;
    at = EndOfName(*text, at);
    if (at - start != sizeof kGlobal - 1) continue;
    Blank(text, start, at);
    KernelDeclaration kernel{"", "1024"};
    // The kernel's name is the first one with a parenthesis behind it, but for attributes.
    while (at < text->size() && kernel.name.empty()) {
      at = SkipSpace(*text, at);
      const size_t end = EndOfName(*text, at);
      if (end == at) break;
      const std::string name = text->substr(at, end - at);
      const size_t open = SkipSpace(*text, end);
      const bool called = open < text->size() && (*text)[open] == '(';
      if (called && name == kBounds) {
        const size_t close = EndOfParentheses(*text, open);
        kernel.max_threads = FirstArgument(*text, open, close);
        Blank(text, at, close);
        at = close;
      } else if (called && name != "__attribute__") {
        kernel.name = name;
      } else {
        at = called ? EndOfParentheses(*text, open) : end;
      }
    }
    // A mere declaration of it may stand elsewhere.
    bool known = kernel.name.empty();
    for (const KernelDeclaration& other : kernels) known |= other.name == kernel.name;
    if (!known) kernels.push_back(kernel);
  }
  return kernels;
}

}  // namespace mock
