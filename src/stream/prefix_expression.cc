#include "stream/prefix_expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "store/object_store.h"
#include "stream/jq_path.h"

namespace penstock::stream {
namespace {

constexpr size_t kMostCharacters = 512;
constexpr std::string_view kDefaultTime = "!{timestamp:yyyy/MM/dd/HH/}";
constexpr std::string_view kErrorType = "!{firehose:error-output-type}";

Status Invalid(std::string what) { return MakeError(ErrorCode::kInvalidData, std::move(what)); }

// Characters of UTF-8.
size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

const std::string* ValueOf(const PartitionValues* values, const std::string& name) {
  if (values == nullptr) return nullptr;
  for (const auto& [key, value] : *values) {
    if (key == name && !value.empty()) return &value;
  }
  return nullptr;
}

// 11 characters like the beginning of a UUID: 046b6c7f-0b.
std::string RandomString(std::string_view seed, size_t instance) {
  const std::string digest = Sha256Hex(fmt::format("{}/{}", seed, instance));
  return digest.substr(0, 8) + "-" + digest.substr(8, 2);
}

}  // namespace

Result<PrefixExpression> PrefixExpression::Parse(std::string_view text, Use use) {
  const std::string_view field = use == Use::kPrefix ? "Prefix" : "ErrorOutputPrefix";
  const auto bad_value = [&] {
    return Invalid(
        fmt::format("Invalid conversion character used in the value of the expression in {}", field));
  };
  PrefixExpression expression;
  expression.use_ = use;
  size_t shortest = 0;  // it can become
  while (!text.empty()) {
    const size_t begin = text.find("!{");
    if (begin != 0) {
      Part part;
      part.text = text.substr(0, begin);
      shortest += Characters(part.text);
      expression.parts_.push_back(std::move(part));
      text.remove_prefix(std::min(begin, text.size()));
      continue;
    }
    const size_t end = text.find('}');
    const std::string_view inside = text.substr(2, end == text.npos ? text.npos : end - 2);
    const size_t colon = inside.find(':');
    if (end == text.npos || colon == inside.npos || inside.find('{') != inside.npos) {
      return Invalid("Invalid expression usage");
    }
    const std::string_view name = inside.substr(0, colon), value = inside.substr(colon + 1);
    Part part;
    part.text = value;
    if (name == "timestamp") {
      part.kind = Kind::kTimestamp;
      auto time = JavaTimeFormat::Parse(value);
      if (!time.ok() || value.empty()) return bad_value();
      part.time = std::move(*time);
    } else if (name == "firehose") {
      if (value != "error-output-type" && value != "random-string") return bad_value();
      part.kind = value == "random-string" ? Kind::kRandomString : Kind::kErrorOutputType;
      if (part.kind == Kind::kErrorOutputType && use == Use::kPrefix) {
        return Invalid(fmt::format("Prefix must not contain any occurrence of {}", kErrorType));
      }
    } else if (name == "partitionKeyFromQuery" || name == "partitionKeyFromLambda") {
      part.kind = name == "partitionKeyFromQuery" ? Kind::kQueryKey : Kind::kLambdaKey;
      if (value.empty()) return bad_value();
      if (use == Use::kErrorPrefix) {
        return Invalid("Dynamic Partitioning Namespaces can't be part of an error prefix expression");
      }
    } else {
      return Invalid(fmt::format("Namespace to the left of colon ({}) is an invalid keyword!", name));
    }
    ++shortest;
    expression.parts_.push_back(std::move(part));
    text.remove_prefix(end + 1);
  }
  if (shortest > kMostCharacters) {
    return Invalid(fmt::format("Length of evaluated {} cannot be greater than 512",
                               use == Use::kPrefix ? "prefix" : "ErrorOutputPrefix"));
  }
  return expression;
}

Result<std::string> PrefixExpression::Evaluate(const PrefixValues& values) const {
  std::string out;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    switch (part.kind) {
      case Kind::kText: out += part.text; break;
      case Kind::kTimestamp: out += part.time.Format(values.arrival, *values.zone); break;
      case Kind::kErrorOutputType: out += values.error_output_type; break;
      case Kind::kRandomString: out += RandomString(values.seed, i); break;
      case Kind::kQueryKey:
      case Kind::kLambdaKey: {
        const std::string* value =
            ValueOf(part.kind == Kind::kQueryKey ? values.query_keys : values.lambda_keys, part.text);
        if (value == nullptr) return Invalid("partitionKeys values must not be null or empty");
        out += *value;
        break;
      }
    }
  }
  if (Characters(out) > kMostCharacters) {
    return Invalid(fmt::format("Length of evaluated {} cannot be greater than 512",
                               use_ == Use::kPrefix ? "prefix" : "ErrorOutputPrefix"));
  }
  return out;
}

bool PrefixExpression::has_expressions() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.kind != Kind::kText; });
}
bool PrefixExpression::has_timestamp() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.kind == Kind::kTimestamp; });
}
bool PrefixExpression::has_error_output_type() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.kind == Kind::kErrorOutputType; });
}
std::vector<std::string> PrefixExpression::query_keys() const { return KeysOf(Kind::kQueryKey); }
std::vector<std::string> PrefixExpression::lambda_keys() const { return KeysOf(Kind::kLambdaKey); }

std::vector<std::string> PrefixExpression::KeysOf(Kind kind) const {
  std::vector<std::string> keys;
  for (const Part& part : parts_) {
    if (part.kind == kind && std::find(keys.begin(), keys.end(), part.text) == keys.end())
      keys.push_back(part.text);
  }
  return keys;
}

namespace {

Status CheckPartitioning(const StreamSpec& spec, const PrefixExpression& prefix) {
  const auto named = prefix.query_keys();
  if (!spec.dynamic()) {
    if (named.empty() && prefix.lambda_keys().empty()) return Status::OK();
    return Invalid(
        "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning "
        "is enabled.");
  }
  if (named.empty() && prefix.lambda_keys().empty()) {
    return Invalid(
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled");
  }
  if (!prefix.lambda_keys().empty() && !spec.partition_by_transform) {
    return Invalid(
        "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace");
  }
  if (!named.empty() && spec.partition_keys.empty()) {
    return Invalid(
        "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace");
  }
  for (const auto& key : spec.partition_keys) {
    RETURN_IF_ERROR(ParseJqPath(key.path).status());
    if (std::find(named.begin(), named.end(), key.name) == named.end()) {
      return Invalid(
          "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression");
    }
  }
  for (const auto& name : named) {
    const auto gives = [&](const PartitionKey& key) { return key.name == name; };
    if (std::none_of(spec.partition_keys.begin(), spec.partition_keys.end(), gives)) {
      return Invalid(fmt::format(
          "S3 Prefix names the partition key {}, which the MetaDataExtraction JQ Query does not give", name));
    }
  }
  return Status::OK();
}

// With values that any store takes, the key is one that it takes.
Status CheckKeys(const StreamPrefixes& prefixes) {
  PartitionValues query, lambda;
  for (const auto& key : prefixes.prefix.query_keys()) query.emplace_back(key, "x");
  for (const auto& key : prefixes.prefix.lambda_keys()) lambda.emplace_back(key, "x");
  PrefixValues values;
  values.zone = &prefixes.zone;
  values.query_keys = &query;
  values.lambda_keys = &lambda;
  values.error_output_type = "format-conversion-failed";
  for (const auto* each : {&prefixes.prefix, &prefixes.error_prefix}) {
    ASSIGN_OR_RETURN(const std::string prefix, each->Evaluate(values));
    const Status key = store::CheckKey(prefix + "name");
    if (!key.ok()) return Invalid(key.message());
  }
  return Status::OK();
}

}  // namespace

Result<StreamPrefixes> PrefixesOf(const StreamSpec& spec) {
  auto zone = TimeZone::Find(spec.timezone);
  if (!zone.ok()) return Invalid(fmt::format("CustomTimeZone: {}", zone.status().message()));
  ASSIGN_OR_RETURN(auto prefix, PrefixExpression::Parse(spec.prefix, PrefixExpression::Use::kPrefix));
  if (prefix.has_expressions() && spec.error_prefix.empty()) {
    return Invalid("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions");
  }
  RETURN_IF_ERROR(CheckPartitioning(spec, prefix));
  ASSIGN_OR_RETURN(auto error_prefix,
                   PrefixExpression::Parse(spec.error_prefix, PrefixExpression::Use::kErrorPrefix));
  if (error_prefix.has_expressions() && !error_prefix.has_error_output_type()) {
    return Invalid(fmt::format("ErrorOutputPrefix must contain at least one occurrence of {}", kErrorType));
  }
  if (!error_prefix.has_expressions()) {
    const std::string& begin = spec.error_prefix.empty() ? spec.prefix : spec.error_prefix;
    ASSIGN_OR_RETURN(error_prefix,
                     PrefixExpression::Parse(fmt::format("{}{}/{}", begin, kErrorType, kDefaultTime),
                                             PrefixExpression::Use::kErrorPrefix));
  }
  if (!prefix.has_timestamp() && !spec.dynamic()) {
    ASSIGN_OR_RETURN(prefix, PrefixExpression::Parse(fmt::format("{}{}", spec.prefix, kDefaultTime),
                                                     PrefixExpression::Use::kPrefix));
  }
  StreamPrefixes prefixes{std::move(prefix), std::move(error_prefix), *zone};
  RETURN_IF_ERROR(CheckKeys(prefixes));
  return prefixes;
}

}  // namespace penstock::stream
