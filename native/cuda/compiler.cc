#include "cuda/compiler.h"

#include <optional>

#include "cuda/check.h"
#include "cuda/fixed_kernels.h"
#include "parallel.h"

namespace glocal::cuda {
namespace {

constexpr size_t kMostLogBytes = 4000;

std::vector<std::string> Options(const std::string& architecture) {
  return {"--gpu-architecture=" + architecture, "--std=c++17", "-default-device", "--fmad=true"};
}

// Parts that cannot run into one another.
void Append(std::string& key, const std::string& part) {
  key += std::to_string(part.size()) + ":" + part;
}

// Those that `text` can include.
const std::vector<FixedHeader>& HeadersFor(const std::string& text) {
  static const std::vector<FixedHeader> none;
  return text.find("#include") == std::string::npos ? none : FixedHeaders();
}

// One program of NVRTC.
class Translation {
 public:
  Translation(const Nvrtc& nvrtc, const std::string& text) : nvrtc_(nvrtc) {
    std::vector<const char*> headers, names;
    for (const FixedHeader& header : HeadersFor(text)) {
      headers.push_back(header.text);
      names.push_back(header.name);
    }
    Check(nvrtc,
          nvrtc.nvrtcCreateProgram(&program_, text.c_str(), "glocal.cu",
                                   static_cast<int>(headers.size()), headers.data(), names.data()),
          "nvrtcCreateProgram");
  }
  ~Translation() { nvrtc_.nvrtcDestroyProgram(&program_); }
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  std::string Run(const std::vector<std::string>& options) {
    std::vector<const char*> pointers;
    for (const std::string& option : options) pointers.push_back(option.c_str());
    const nvrtcResult result =
        nvrtc_.nvrtcCompileProgram(program_, static_cast<int>(pointers.size()), pointers.data());
    if (result != kNvrtcSuccess) {
      throw CodedError("GLOCAL_CUDA", "kernels that NVRTC can compile with " + options[0],
                       Describe(nvrtc_, result) + ":\n" + Log() + "\n");
    }
    size_t bytes = 0;
    Check(nvrtc_, nvrtc_.nvrtcGetCUBINSize(program_, &bytes), "nvrtcGetCUBINSize");
    std::string image(bytes, '\0');
    Check(nvrtc_, nvrtc_.nvrtcGetCUBIN(program_, image.data()), "nvrtcGetCUBIN");
    return image;
  }

 private:
  std::string Log() const {
    size_t bytes = 0;
    if (nvrtc_.nvrtcGetProgramLogSize(program_, &bytes) != kNvrtcSuccess) return "";
    std::string log(bytes, '\0');
    if (nvrtc_.nvrtcGetProgramLog(program_, log.data()) != kNvrtcSuccess) return "";
    while (!log.empty() && (log.back() == '\0' || log.back() == '\n')) log.pop_back();
    return log.substr(0, kMostLogBytes);
  }

  const Nvrtc& nvrtc_;
  nvrtcProgram program_ = nullptr;
};

}  // namespace

std::string Compiler::CompileOne(const std::string& text) const {
  const std::vector<std::string> options = Options(architecture_);
  std::string key;
  Append(key,
         std::to_string(libraries_.nvrtc_major) + "." + std::to_string(libraries_.nvrtc_minor));
  for (const std::string& option : options) Append(key, option);
  for (const FixedHeader& header : HeadersFor(text)) {
    Append(key, header.name);
    Append(key, header.text);
  }
  Append(key, text);
  if (std::optional<std::string> image = cache_.Find(key)) return *std::move(image);
  std::string image = Translation(libraries_.nvrtc, text).Run(options);
  cache_.Store(key, image);
  return image;
}

std::vector<std::string> Compiler::Compile(const std::vector<std::string>& texts) const {
  std::vector<std::string> images(texts.size());
  RunOnThreads(static_cast<int64_t>(texts.size()),
               [&](int64_t i) { images[i] = CompileOne(texts[i]); });
  return images;
}

}  // namespace glocal::cuda
