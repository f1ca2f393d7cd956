#include "jsonata/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "jsonata/fault_text.h"

namespace penstock::jsonata {
namespace {

constexpr uint32_t kMatchSteps = 2'000'000;
constexpr uint32_t kMatchDepth = 100'000;
constexpr uint32_t kMatchKilobytes = 64 * 1024;
constexpr size_t kLongestPattern = 64 * 1024;

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

}  // namespace

struct Regex::Code {
  Owned<pcre2_code> valid;  // for text known to be UTF-8, which is not checked at each match
  Owned<pcre2_code> any;
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::Compile(const std::string& pattern, std::string_view flags) {
  uint32_t options = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS |
                     PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_START_OPTIMIZE;
  if (flags.find('i') != flags.npos) options |= PCRE2_CASELESS;
  if (flags.find('m') != flags.npos) options |= PCRE2_MULTILINE;
  const Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
  pcre2_set_parens_nest_limit(context.get(), 100);
  pcre2_set_max_pattern_length(context.get(), kLongestPattern);
  const auto compile = [&](uint32_t more) {
    int error = 0;
    size_t offset = 0;
    return Owned<pcre2_code>(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                           options | more, &error, &offset, context.get()));
  };
  auto compiled = std::make_unique<Code>();
  // "(*" is nothing in JavaScript; in PCRE2 it would set options.
  if (pattern.find("(*") == pattern.npos) {
    compiled->valid = compile(0);
    compiled->any = compile(PCRE2_MATCH_INVALID_UTF);
  }
  if (compiled->valid == nullptr || compiled->any == nullptr) {
    return Failure("S0303", {.value = JsonText(json::value(pattern))});
  }
  return Regex(std::move(compiled));
}

Result<std::optional<Regex::Match>> Regex::Find(std::string_view text, size_t from, bool valid) const {
  const pcre2_code* code = valid ? code_->valid.get() : code_->any.get();
  const Owned<pcre2_match_data> data(pcre2_match_data_create_from_pattern(code, nullptr));
  const Owned<pcre2_match_context> context(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(context.get(), kMatchSteps);
  pcre2_set_depth_limit(context.get(), kMatchDepth);
  pcre2_set_heap_limit(context.get(), kMatchKilobytes);
  const char* subject = text.empty() ? "" : text.data();
  const int groups = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(subject), text.size(), from,
                                 valid ? PCRE2_NO_UTF_CHECK : 0, data.get(), context.get());
  if (groups == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (groups < 0) return Failure("U1001", {.value = "A regular expression takes too many steps"});
  const size_t* offsets = pcre2_get_ovector_pointer(data.get());
  Match match{offsets[0], std::max(offsets[0], offsets[1]), {}};
  const uint32_t count = pcre2_get_ovector_count(data.get());
  for (uint32_t i = 1; i < count; ++i) {
    if (offsets[2 * i] == PCRE2_UNSET) {
      match.groups.emplace_back();
    } else {
      match.groups.emplace_back(text.substr(offsets[2 * i], offsets[2 * i + 1] - offsets[2 * i]));
    }
  }
  return match;
}

}  // namespace penstock::jsonata
