#include "module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../common/image.h"
#include "../common/log.h"

namespace mock {
namespace {

// Machine code for one chip runs on chips of the same major version that are not older.
bool RunsOn(int made_for, int chip) { return made_for / 10 == chip / 10 && made_for <= chip; }

bool WriteAll(int file, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t written = write(file, bytes, count);
    if (written <= 0) return false;
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return true;
}

constexpr size_t kMostSharedBytes = 48 << 10;
constexpr char kKernelPrefix[] = "mock_kernel_";
constexpr size_t kKernelPrefixLength = sizeof kKernelPrefix - 1;

// How the names of variables inside a function begin.
std::string PrefixOfVariables(const std::string& function) {
  return "_ZZ" + std::to_string(function.size()) + function + "E";
}

bool StartsWith(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

}  // namespace

CudaResult Module::Load(const void* image, int chip, std::unique_ptr<Module>* result) {
  ImageHeader header;
  std::memcpy(&header, image, sizeof header.magic);
  if (std::memcmp(header.magic, kImageMagic, sizeof kImageMagic) != 0) return kNoBinaryForGpu;
  std::memcpy(&header, image, sizeof header);
  const char* library = static_cast<const char*>(image) + sizeof header;
  if (Checksum(library, header.library_bytes) != header.checksum) return kInvalidImage;
  if (!RunsOn(header.chip, chip)) return kNoBinaryForGpu;

  std::unique_ptr<Module> module(new Module);
  // The file stays open, so that no other module gets its number, and with it its name.
  module->file_ = memfd_create("mock-cuda-module", MFD_CLOEXEC);
  if (module->file_ < 0 || !WriteAll(module->file_, library, header.library_bytes)) {
    return kOutOfMemory;
  }
  const std::string path = "/proc/self/fd/" + std::to_string(module->file_);
  module->library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module->library_ == nullptr) {
    Problem("a module can not be loaded: %s", dlerror());
    return kInvalidImage;
  }
  module->here_ = static_cast<MockHere**>(dlsym(module->library_, "mock_here"));
  module->services_ = static_cast<const MockServices**>(dlsym(module->library_, "mock_services"));
  module->ReadSymbols(library);
  if (!module->SharedMemoryFits()) return kInvalidImage;
  *result = std::move(module);
  return kSuccess;
}

Module::~Module() {
  if (library_ != nullptr) dlclose(library_);
  if (file_ >= 0) close(file_);
}

void Module::ReadSymbols(const char* library) {
  link_map* map = nullptr;
  dlinfo(library_, RTLD_DI_LINKMAP, &map);
  const auto* elf = reinterpret_cast<const ElfW(Ehdr)*>(library);
  const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(library + elf->e_shoff);
  std::vector<Variable> variables;
  for (int s = 0; s < elf->e_shnum; ++s) {
    if (sections[s].sh_type != SHT_SYMTAB) continue;
    const char* names = library + sections[sections[s].sh_link].sh_offset;
    const auto* symbols = reinterpret_cast<const ElfW(Sym)*>(library + sections[s].sh_offset);
    const size_t count = sections[s].sh_size / sizeof(ElfW(Sym));
    for (size_t i = 0; i < count; ++i) {
      const ElfW(Sym)& symbol = symbols[i];
      const std::string name = names + symbol.st_name;
      if (StartsWith(name, kKernelPrefix)) shared_[name.substr(kKernelPrefixLength)];
      if ((symbol.st_info & 0xf) != STT_OBJECT || symbol.st_size == 0) continue;
      if (symbol.st_shndx >= elf->e_shnum || sections[symbol.st_shndx].sh_type != SHT_NOBITS) {
        continue;
      }
      char* start = reinterpret_cast<char*>(map->l_addr + symbol.st_value);
      variables.push_back({name, {start, symbol.st_size}});
    }
  }
  for (const Variable& variable : variables) Distribute(variable);
}

// A variable inside a kernel belongs to that one; one inside a function that kernels call may
// belong to any.
void Module::Distribute(const Variable& variable) {
  for (auto& [kernel, ranges] : shared_) {
    if (!StartsWith(variable.name, PrefixOfVariables(kernel))) continue;
    ranges.own.push_back(variable.range);
    return;
  }
  for (auto& [kernel, ranges] : shared_) ranges.perhaps.push_back(variable.range);
}

bool Module::SharedMemoryFits() const {
  for (const auto& [kernel, ranges] : shared_) {
    size_t bytes = 0;
    for (const Range& range : ranges.own) bytes += range.bytes;
    if (bytes <= kMostSharedBytes) continue;
    Problem("kernel %s uses %zu bytes of shared memory, more than %zu", kernel.c_str(), bytes,
            kMostSharedBytes);
    return false;
  }
  return true;
}

Function* Module::Find(const std::string& name) {
  const auto found = functions_.find(name);
  if (found != functions_.end()) return &found->second;
  const auto* kernel =
      static_cast<const MockKernel*>(dlsym(library_, (kKernelPrefix + name).c_str()));
  if (kernel == nullptr) return nullptr;
  Function function{name, this, kernel, {}, 0};
  for (const int* size = kernel->parameter_sizes; *size != 0; ++size) {
    function.parameter_bytes += static_cast<size_t>(*size);
  }
  const Shared& shared = shared_[name];
  function.shared = shared.own;
  function.shared.insert(function.shared.end(), shared.perhaps.begin(), shared.perhaps.end());
  return &functions_.emplace(name, std::move(function)).first->second;
}

bool Module::Owns(const void* function) const {
  for (const auto& [name, known] : functions_) {
    if (&known == function) return true;
  }
  return false;
}

std::string Module::SourceOf(const void* instruction) const {
  Dl_info info{};
  if (dladdr(instruction, &info) == 0 || info.dli_fbase == nullptr) return "an unknown place";
  const auto offset =
      static_cast<const char*>(instruction) - static_cast<const char*>(info.dli_fbase);
  char command[128];
  std::snprintf(command, sizeof command, "addr2line -s -e /proc/%d/fd/%d 0x%tx 2>&1", getpid(),
                file_, offset);
  char line[256] = "";
  if (FILE* answer = popen(command, "r")) {
    if (std::fgets(line, sizeof line, answer) != nullptr) line[std::strcspn(line, "\n")] = 0;
    pclose(answer);
  }
  return line;
}

void Module::Enter(MockHere* here, const MockServices* services) const {
  *here_ = here;
  *services_ = services;
}

}  // namespace mock
