// Built-in transforms, in order. A record is parsed once and written once, however many there are.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stream/record_step.h"
#include "stream/transform.h"

namespace penstock::stream {

class BuiltinTransform : public Transform {
 public:
  // Of {"cast": {…}}, {"append_newline": {}}, …; Configuration names the place. With an environment that is
  // none, nothing is looked up in it.
  static Result<std::unique_ptr<BuiltinTransform>> Make(const json::array& specs, const StepContext& context);

  Result<std::vector<Transformed>> Apply(std::span<const TransformRecord> records,
                                         std::stop_token stop) override;

 private:
  struct Step {
    std::string code;
    std::unique_ptr<RecordStep> step;
  };
  Transformed ApplyTo(std::string_view data) const;

  std::vector<Step> steps_;
  bool append_newline_ = false;
};

}  // namespace penstock::stream
