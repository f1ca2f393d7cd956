#include "aws/profile_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"

namespace penstock::aws {
namespace {

constexpr std::string_view kSpaces = " \t";

bool IsComment(std::string_view text) {
  return !text.empty() && (text.front() == '#' || text.front() == ';');
}

// A comment behind a value has a space in front of it.
std::string_view WithoutComment(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (IsComment(text.substr(i)) && kSpaces.find(text[i - 1]) != std::string_view::npos)
      return text.substr(0, i);
  }
  return text;
}

bool IsName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_/.%@:+").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

// The name behind `prefix` and a space; nothing when the text is not so.
std::optional<std::string_view> Behind(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (text.empty() || kSpaces.find(text.front()) == std::string_view::npos) return std::nullopt;
  return TrimAscii(text, kSpaces);
}

class Parser {
 public:
  Parser(ProfileFileKind kind, std::string_view file) : kind_(kind), file_(file) {}

  Status Line(std::string_view line) {
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view text = TrimAscii(line, kSpaces);
    if (text.empty() || IsComment(text)) return Status::OK();
    if (kSpaces.find(line.front()) != std::string_view::npos) return Continuation(text);
    return text.front() == '[' ? Section(text) : Property(line);
  }

  ProfileFile Finish() {
    // "[profile default]" makes "[default]" as if it were not there.
    if (prefixed_default_) result_.profiles["default"] = std::move(*prefixed_default_);
    return std::move(result_);
  }

 private:
  Status Fail(std::string_view why) const {
    return MakeError(
        ErrorCode::kConfiguration, fmt::format("{}:{}: {}", file_, number_, why),
        "correct that line, or name other files by AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE");
  }

  Status Section(std::string_view text) {
    text = TrimAscii(text.substr(0, text.find_first_of("#;")), kSpaces);
    if (!text.ends_with(']')) return Fail("Profile definition must end with ']'");
    const std::string_view name = TrimAscii(text.substr(1, text.size() - 2), kSpaces);
    in_section_ = true;
    section_ = Find(name);
    property_ = nullptr;
    property_known_ = false;
    return Status::OK();
  }

  // Where the properties of this section go; null for one that does not count.
  Properties* Find(std::string_view name) {
    if (kind_ == ProfileFileKind::kCredentials)
      return IsName(name) ? &result_.profiles[std::string(name)] : nullptr;
    if (name == "default") return &result_.profiles["default"];
    if (const auto profile = Behind(name, "profile"); profile && IsName(*profile)) {
      if (*profile != "default") return &result_.profiles[std::string(*profile)];
      if (!prefixed_default_) prefixed_default_.emplace();
      return &*prefixed_default_;
    }
    if (const auto session = Behind(name, "sso-session"); session && IsName(*session)) {
      return &result_.sso_sessions[std::string(*session)];
    }
    if (const auto services = Behind(name, "services"); services && IsName(*services)) {
      return &result_.services[std::string(*services)];
    }
    return nullptr;
  }

  Status Property(std::string_view line) {
    if (!in_section_) return Fail("Expected a profile definition");
    line = WithoutComment(line);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return Fail("Expected an '=' sign defining a property");
    const std::string_view name = TrimAscii(line.substr(0, equals), kSpaces);
    if (name.empty()) return Fail("Property did not have a name");
    const std::string_view value = TrimAscii(line.substr(equals + 1), kSpaces);
    property_known_ = true;
    has_sub_properties_ = value.empty();
    property_ = nullptr;
    if (section_ != nullptr && IsName(name)) {
      property_ = &(*section_)[AsciiLower(name)];
      *property_ = value;
    }
    return Status::OK();
  }

  Status Continuation(std::string_view text) {
    if (!in_section_) return Fail("Expected a profile definition");
    if (!property_known_) return Fail("Expected a property definition, found continuation");
    if (has_sub_properties_) {
      const size_t equals = text.find('=');
      if (equals == std::string_view::npos) return Fail("Expected an '=' sign defining a sub-property");
      if (TrimAscii(text.substr(0, equals), kSpaces).empty()) return Fail("Sub-property did not have a name");
    }
    if (property_ != nullptr) property_->append("\n").append(text);
    return Status::OK();
  }

  const ProfileFileKind kind_;
  const std::string_view file_;
  ProfileFile result_;
  std::optional<Properties> prefixed_default_;
  int number_ = 0;
  bool in_section_ = false;
  Properties* section_ = nullptr;  // null: one that does not count
  bool property_known_ = false;
  bool has_sub_properties_ = false;
  std::string* property_ = nullptr;  // null: one that does not count
};

void MergeSections(Sections* into, const Sections& from) {
  for (const auto& [name, properties] : from) {
    for (const auto& [key, value] : properties) (*into)[name][key] = value;
    (*into)[name];
  }
}

}  // namespace

Result<ProfileFile> ParseProfileFile(std::string_view text, ProfileFileKind kind, std::string_view file) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Parser parser(kind, file);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    RETURN_IF_ERROR(parser.Line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.Finish();
}

ProfileFile MergeProfileFiles(ProfileFile config, const ProfileFile& credentials) {
  MergeSections(&config.profiles, credentials.profiles);
  return config;
}

Properties SubProperties(std::string_view value) {
  Properties properties;
  if (!value.starts_with('\n')) return properties;
  while (!value.empty()) {
    value.remove_prefix(1);
    const std::string_view line = value.substr(0, value.find('\n'));
    value.remove_prefix(line.size());
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    properties[AsciiLower(TrimAscii(line.substr(0, equals), kSpaces))] =
        TrimAscii(WithoutComment(line.substr(equals + 1)), kSpaces);
  }
  return properties;
}

}  // namespace penstock::aws
