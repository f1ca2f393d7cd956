// ~/.aws/config and ~/.aws/credentials, as text: sections and their properties.
//
// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"; where it is silent, the
// SDKs' common tests (tests/data/aws/profile-parser-tests.json).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace penstock::aws {

// By name in lower case. A value over several lines has them joined by '\n'; one that begins with '\n' has
// sub-properties.
using Properties = std::map<std::string, std::string, std::less<>>;
using Sections = std::map<std::string, Properties, std::less<>>;

// Sections of which the documentation knows nothing are left out, and so are names that it does not allow.
struct ProfileFile {
  Sections profiles;      // [default], [profile NAME]; of a credentials file [NAME]
  Sections sso_sessions;  // [sso-session NAME]
  Sections services;      // [services NAME]
};

enum class ProfileFileKind { kConfig, kCredentials };

// Configuration: a line that is none of the format's, named by `file` and its number; never its text, which
// may be a secret.
Result<ProfileFile> ParseProfileFile(std::string_view text, ProfileFileKind kind, std::string_view file);

// Both as one; what the credentials file says counts more.
ProfileFile MergeProfileFiles(ProfileFile config, const ProfileFile& credentials);

// The sub-properties of a value: "\nname = value\nname2 = value2". Empty for any other value.
Properties SubProperties(std::string_view value);

}  // namespace penstock::aws
