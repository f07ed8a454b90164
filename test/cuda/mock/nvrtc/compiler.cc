#include "compiler.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "../common/settings.h"
#include "kernel_names.h"

extern char** environ;

namespace mock {
namespace {

namespace fs = std::filesystem;

// Set by the build: what modules include, and where compiled ones are kept.
constexpr char kDeviceFolder[] = MOCK_DEVICE_FOLDER;
constexpr char kCacheFolder[] = MOCK_CACHE_FOLDER;

std::vector<std::string> Flags() {
  std::vector<std::string> flags = {
      "-g1", "-std=c++17", "-fPIC", "-w", "-pipe", "-march=native",
      // As CUDA: no exceptions, no run-time types.
      "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-gnu-unique",
      "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fno-math-errno",
      "-fno-trapping-math", "-ffp-contract=off",
      // A barrier lets other threads write to static variables, though nobody takes their address.
      "-fno-ipa-reference", "-fno-ipa-reference-addressable"};
  if (SettingChecked()) {
    // Traps where the device would read elsewhere or fault.
    flags.insert(flags.end(), {"-O1", "-fsanitize=bounds,alignment,integer-divide-by-zero",
                               "-fsanitize-undefined-trap-on-error"});
  } else {
    flags.push_back("-O2");
  }
  return flags;
}

// Files of one compilation, in its folder.
constexpr char kMessages[] = "messages";
constexpr char kLibrary[] = "module.so";

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A folder that goes with its object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "mock-nvrtc-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Runs a program within a folder, its messages going to a file there. Gives whether it succeeded.
bool RunProgram(std::vector<std::string> words, const fs::path& folder) {
  const fs::path messages = folder / kMessages;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // So that messages and barriers name files as the caller does.
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  // A process like node leaves these closed, and then the pipe of -pipe would become them.
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, messages.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0666);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    WriteFile(messages, words[0] + " can not be started.");
    return false;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string Compiler() {
  const char* chosen = std::getenv("MOCK_CUDA_CXX");
  return chosen != nullptr && *chosen != 0 ? chosen : "g++";
}

std::string KeyOf(const NamedText& program, const std::vector<NamedText>& headers,
                  const std::vector<std::string>& definitions) {
  std::string all = program.name + '\0' + program.text;
  for (const fs::directory_entry& own : fs::directory_iterator(kDeviceFolder)) {
    all += ReadFile(own.path());
  }
  for (const std::string& flag : Flags()) all += '\0' + flag;
  for (const NamedText& header : headers) all += '\0' + header.name + '\0' + header.text;
  for (const std::string& definition : definitions) all += '\0' + definition;
  // Two hashes make one of 128 bits.
  char key[40];
  std::snprintf(key, sizeof key, "%016zx%016zx", std::hash<std::string>()(all),
                std::hash<std::string>()(all + "second"));
  return key;
}

// How the driver finds each kernel: see device/prelude.h.
std::string Entries(const std::vector<KernelDeclaration>& kernels) {
  std::string text;
  for (const KernelDeclaration& kernel : kernels) {
    text += "\nextern \"C\" const MockKernel mock_kernel_" + kernel.name + ";\n";
    text += "const MockKernel mock_kernel_" + kernel.name + " = {mock::Entry<" + kernel.name +
            ">::Run, mock::Entry<" + kernel.name + ">::sizes, " + kernel.max_threads + "};\n";
  }
  return text;
}

}  // namespace

Compilation Compile(const NamedText& program, const std::vector<NamedText>& headers,
                    const std::vector<std::string>& definitions) {
  Compilation result;
  const fs::path kept = fs::path(kCacheFolder) / (KeyOf(program, headers, definitions) + ".so");
  if (fs::exists(kept)) {
    result.library = ReadFile(kept);
    result.ok = result.cached = true;
    return result;
  }

  const TemporaryFolder temporary;
  const fs::path& folder = temporary.path();
  for (const NamedText& header : headers) {
    // PTX can not run here, so the header that has it is replaced by one with the same functions.
    const fs::path own = fs::path(kDeviceFolder) / header.name;
    WriteFile(folder / header.name, fs::exists(own) ? ReadFile(own) : header.text);
  }
  const std::string source = fs::path(program.name).filename().string();
  // Named alike, because the table of lines takes the name of the file that is compiled.
  const std::string expanded = "expanded/" + source;
  WriteFile(folder / source, program.text);
  fs::create_directory(folder / "expanded");

  // Only the preprocessor knows the kernels that macros make.
  std::vector<std::string> preprocess = {
      Compiler(),   "-E",        "-x",          "c++",
      "-std=c++17", "-nostdinc", "-nostdinc++", "-fdiagnostics-color=never",
      "-I.",        source,      "-o",          expanded};
  preprocess.insert(preprocess.end(), definitions.begin(), definitions.end());
  result.ok = RunProgram(preprocess, folder);
  if (result.ok) {
    std::string text = ReadFile(folder / expanded);
    const std::vector<KernelDeclaration> kernels = TakeKernels(&text);
    const std::string prelude = "#include \"" + std::string(kDeviceFolder) + "/prelude.h\"\n";
    WriteFile(folder / expanded,
              prelude + text + "\n# 1 \"entries of the mock\"" + Entries(kernels));
    std::vector<std::string> compile = {
        Compiler(), "-x", "c++", "-fdiagnostics-color=never", "-nostdinc", "-nostdinc++"};
    const std::vector<std::string> flags = Flags();
    compile.insert(compile.end(), flags.begin(), flags.end());
    compile.insert(compile.end(), {"-shared", "-nostdlib", expanded, "-o", kLibrary, "-lm"});
    result.ok = RunProgram(compile, folder);
  }
  result.log = ReadFile(folder / kMessages);
  if (!result.ok) return result;

  result.library = ReadFile(folder / kLibrary);
  // Renamed when complete, because other processes may look for it.
  const fs::path incomplete =
      kept.string() + "." + std::to_string(getpid()) + "." + folder.filename().string();
  WriteFile(incomplete, result.library);
  // Beside it the text, so that NVIDIA's compiler can be given all that was ever run.
  WriteFile(fs::path(kept).replace_extension(".cu"), program.text);
  fs::rename(incomplete, kept);
  return result;
}

}  // namespace mock
