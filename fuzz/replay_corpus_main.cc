// Runs a fuzz target over the files of the folders given, and over each of them cut short and with single
// bytes changed, so that g++ builds exercise it as a unit test.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

int runs = 0;

void Run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  ++runs;
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  Run("");
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      std::fprintf(stderr, "no corpus: %s\n", argv[i]);
      return 1;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      ++files;
      Run(bytes);
      const size_t step = bytes.size() / 64 + 1;
      for (size_t at = 0; at < bytes.size(); at += step) {
        Run(bytes.substr(0, at));
        for (const char change : {'\0', '"', '\xff', '9', '<'}) {
          std::string other = bytes;
          other[at] = change;
          Run(other);
        }
      }
    }
  }
  std::printf("%d runs over %d files\n", runs, files);
  return files == 0 ? 1 : 0;
}
