// How long work says how far it is (ALL-2). The caller of a run draws it.
#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::pipeline {

// Thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  // A stage begins: "fetch" of 503 symbols. `total` 0: not known.
  virtual void Begin(std::string_view stage, int64_t total) = 0;
  // `done` more are done, of which `failed` failed.
  virtual void Advance(int64_t done, int64_t failed = 0) = 0;
  virtual void End() = 0;
};

class NoProgress : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Advance(int64_t, int64_t) override {}
  void End() override {}
};

}  // namespace penstock::pipeline
