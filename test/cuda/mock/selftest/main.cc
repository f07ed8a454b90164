// Runs one test of the mock's libraries: selftest FOLDER TEST. Without a test, lists all.
#include <cstdio>
#include <cstring>

#include "cuda.h"

namespace {

std::vector<const Test*>& Tests() {
  static std::vector<const Test*> tests;
  return tests;
}

}  // namespace

Test::Test(const char* name, void (*run)()) : name(name), run(run) { Tests().push_back(this); }

int main(int count, char** words) {
  if (count < 3) {
    for (const Test* test : Tests()) std::puts(test->name);
    return 0;
  }
  OpenLibraries(words[1]);
  for (const Test* test : Tests()) {
    if (std::strcmp(test->name, words[2]) != 0) continue;
    test->run();
    return 0;
  }
  std::fprintf(stderr, "There is no test %s.\n", words[2]);
  return 1;
}
