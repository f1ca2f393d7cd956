#include "stream/firehose_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json_text.h"
#include "stream/delivery_table.h"
#include "stream/firehose_error.h"
#include "stream/firehose_member.h"
#include "stream/firehose_shapes.h"
#include "stream/put_request.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kTarget = "Firehose_20150804.";
constexpr const char* kAccount = "000000000000";

// Of the names that AWS has and this has not: told apart from a typing error.
constexpr std::array<std::string_view, 2> kRefused{"StartDeliveryStreamEncryption",
                                                   "StopDeliveryStreamEncryption"};
// Destinations and sources that AWS has: asked for, they are refused.
constexpr std::array<std::string_view, 12> kElsewhere{"RedshiftDestinationConfiguration",
                                                      "ElasticsearchDestinationConfiguration",
                                                      "AmazonopensearchserviceDestinationConfiguration",
                                                      "AmazonOpenSearchServerlessDestinationConfiguration",
                                                      "SplunkDestinationConfiguration",
                                                      "HttpEndpointDestinationConfiguration",
                                                      "SnowflakeDestinationConfiguration",
                                                      "IcebergDestinationConfiguration",
                                                      "KinesisStreamSourceConfiguration",
                                                      "MSKSourceConfiguration",
                                                      "DatabaseSourceConfiguration",
                                                      "DeliveryStreamEncryptionConfigurationInput"};

Result<std::string> NameOf(const json::object& input) {
  ASSIGN_OR_RETURN(std::string name, RequiredText(input, "DeliveryStreamName"));
  RETURN_IF_ERROR(CheckStreamName(name));
  return name;
}

Result<const json::array*> ListOf(const json::object& input, std::string_view key) {
  const auto* value = FindMember(input, key);
  if (value == nullptr) return RequiredText(input, key).status();
  if (!value->is_array())
    return FirehoseError("SerializationException", fmt::format("{}: expected a list", key));
  return &value->get_array();
}

Result<int64_t> LimitOf(const json::object& input, int64_t fallback, int64_t most) {
  const auto* value = FindMember(input, "Limit");
  if (value == nullptr) return fallback;
  if (!value->is_int64()) return FirehoseError("SerializationException", "Limit: expected a whole number");
  if (value->get_int64() < 1 || value->get_int64() > most) {
    return FirehoseError(
        "ValidationException",
        fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: "
                    "Member must have value between 1 and {}",
                    value->get_int64(), most));
  }
  return value->get_int64();
}

Result<std::string> TextOr(const json::object& input, std::string_view key) {
  return FindMember(input, key) == nullptr ? Result<std::string>("") : RequiredText(input, key);
}

std::string ArnOf(const std::string& region, const std::string& name) {
  return fmt::format("arn:aws:firehose:{}:{}:deliverystream/{}", region, kAccount, name);
}

double Seconds(TimePoint time) { return static_cast<double>(time.time_since_epoch().count()) / 1e6; }

// The region that the client signed for.
std::string RegionOf(const net::ServerRequest& request) {
  const std::string header = request.headers.Find("authorization").value_or("");
  std::string_view rest = header;
  const size_t at = rest.find("Credential=");
  if (at == std::string_view::npos) return "us-east-1";
  rest.remove_prefix(at);
  for (int i = 0; i < 2; ++i) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return "us-east-1";
    rest.remove_prefix(slash + 1);
  }
  const std::string_view region = rest.substr(0, rest.find('/'));
  const bool plain = !region.empty() && region.size() < 40 &&
                     std::all_of(
                         region.begin(), region.end(),
                         [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return plain ? std::string(region) : "us-east-1";
}

std::string_view StatusOf(StreamState state) {
  switch (state) {
    case StreamState::kActive: return "ACTIVE";
    case StreamState::kDeleting: return "DELETING";
    case StreamState::kDeletingFailed: return "DELETING_FAILED";
  }
  return "ACTIVE";
}

void AppendHex(uint64_t number, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 16> text{};
  for (size_t i = 16; i-- > 0; number >>= 4) text[i] = kDigits[number & 15];
  out.append(text.data(), text.size());
}

net::ServerResponse Answered(std::string body) {
  net::ServerResponse response;
  response.headers.Add("Content-Type", kAmzJson);
  response.body = std::move(body);
  return response;
}

// What a put that stored nothing says.
FirehoseRefusal PutRefusal(const Status& status) {
  FirehoseRefusal refusal = RefusalOf(status);
  if (CodeOf(status) == ErrorCode::kThrottled) refusal.message = "Slow down.";
  return refusal;
}

}  // namespace

bool FirehoseApi::IsCall(const net::ServerRequest& request) {
  return request.method == "POST" && request.path == "/";
}

std::string FirehoseApi::NextRequestId() {
  // The form of a UUID; another one for each request of this process.
  const uint64_t number = request_id_.fetch_add(1, std::memory_order_relaxed);
  std::string id;
  AppendHex(number * 0x9e3779b97f4a7c15U, id);
  AppendHex(number, id);
  for (const size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
  return id;
}

void FirehoseApi::Answer(const std::shared_ptr<net::ServerRequest>& request, const net::ServerReply& reply) {
  net::ServerReply answer = [reply, id = NextRequestId()](net::ServerResponse response) {
    response.headers.Add("x-amzn-RequestId", id);
    reply(std::move(response));
  };
  const std::string target = request->headers.Find("x-amz-target").value_or("");
  if (check_ != nullptr) {
    if (auto refusal = check_->Check(*request)) {
      return answer(AnswerOf({std::move(refusal->error), std::move(refusal->message), 400}));
    }
  }
  const std::string_view action =
      target.starts_with(kTarget) ? std::string_view(target).substr(kTarget.size()) : std::string_view();
  if (action == "PutRecordBatch") return PutRecordBatch(*request, std::move(answer));
  if (action == "PutRecord") return PutRecord(*request, std::move(answer));
  const auto act = [&]() -> Result<json::object> {
    const Action call = ActionOf(action);
    if (call == nullptr) {
      if (std::find(kRefused.begin(), kRefused.end(), action) != kRefused.end()) {
        return InvalidArgument(
            fmt::format("{}: records are not encrypted at rest here; use an encrypted disk", action));
      }
      return FirehoseError("UnknownOperationException",
                           target.empty() ? "there is no X-Amz-Target header"
                                          : fmt::format("there is no action {} here", target.substr(0, 100)));
    }
    const auto input =
        ParseJson(request->body.empty() ? std::string_view("{}") : std::string_view(request->body));
    if (!input.ok()) return FirehoseError("SerializationException", input.status().message());
    if (!input->is_object()) return FirehoseError("SerializationException", "the body is not a JSON object");
    return (this->*call)(input->get_object(), RegionOf(*request));
  };
  const auto output = act();
  answer(output.ok() ? Answered(JsonText(*output)) : AnswerOf(RefusalOf(output.status())));
}

FirehoseApi::Action FirehoseApi::ActionOf(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Action>, 8> kActions{{
      {"CreateDeliveryStream", &FirehoseApi::Create},
      {"DescribeDeliveryStream", &FirehoseApi::Describe},
      {"ListDeliveryStreams", &FirehoseApi::List},
      {"UpdateDestination", &FirehoseApi::Update},
      {"DeleteDeliveryStream", &FirehoseApi::Delete},
      {"TagDeliveryStream", &FirehoseApi::Tag},
      {"UntagDeliveryStream", &FirehoseApi::Untag},
      {"ListTagsForDeliveryStream", &FirehoseApi::ListTags},
  }};
  for (const auto& [each, action] : kActions) {
    if (each == name) return action;
  }
  return nullptr;
}

std::string PutRecordAnswer(const PutResult& result) {
  std::string out = R"({"Encrypted":false,"RecordId":")";
  AppendHex(static_cast<uint64_t>(result.created.time_since_epoch().count()), out);
  AppendHex(result.first, out);
  return out + "\"}";
}

std::string PutRecordBatchAnswer(const PutResult& result, size_t asked) {
  static constexpr std::string_view kBegin = R"({"RecordId":")", kEnd = R"("},)";
  static constexpr std::string_view kSlowDown =
      R"({"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."},)";
  std::string stream;
  AppendHex(static_cast<uint64_t>(result.created.time_since_epoch().count()), stream);
  std::string out;
  out.reserve(80 + result.accepted * (kBegin.size() + 32 + kEnd.size()) +
              (asked - result.accepted) * kSlowDown.size());
  out =
      fmt::format(R"({{"Encrypted":false,"FailedPutCount":{},"RequestResponses":[)", asked - result.accepted);
  for (size_t i = 0; i < result.accepted; ++i) {
    out.append(kBegin).append(stream);
    AppendHex(result.first + i, out);
    out.append(kEnd);
  }
  for (size_t i = result.accepted; i < asked; ++i) out.append(kSlowDown);
  out.back() = ']';
  return out += '}';
}

void FirehoseApi::PutRecord(net::ServerRequest& request, net::ServerReply reply) {
  auto put = ReadPutRecord(request.body);
  if (!put.ok()) return reply(AnswerOf(RefusalOf(put.status())));
  streams_.Put(
      put->stream, std::move(put->group), Streams::Take::kWhatFits,
      [reply = std::move(reply)](const PutResult& result) {
        reply(result.accepted == 1 ? Answered(PutRecordAnswer(result)) : AnswerOf(PutRefusal(result.status)));
      });
}

void FirehoseApi::PutRecordBatch(net::ServerRequest& request, net::ServerReply reply) {
  auto put = ReadPutRecordBatch(request.body);
  if (!put.ok()) return reply(AnswerOf(RefusalOf(put.status())));
  const size_t asked = put->group.sizes.size();
  streams_.Put(put->stream, std::move(put->group), Streams::Take::kWhatFits,
               [reply = std::move(reply), asked](const PutResult& result) {
                 // Where none was taken an SDK tries again by itself.
                 reply(result.accepted > 0 ? Answered(PutRecordBatchAnswer(result, asked))
                                           : AnswerOf(PutRefusal(result.status)));
               });
}

Result<json::object> FirehoseApi::Create(const json::object& input, const std::string& region) {
  const std::lock_guard placing(placing_);
  StreamSpec spec;
  ASSIGN_OR_RETURN(spec.name, NameOf(input));
  ASSIGN_OR_RETURN(const std::string type, TextOr(input, "DeliveryStreamType"));
  if (!type.empty() && type != "DirectPut") {
    return InvalidArgument(fmt::format(
        "DeliveryStreamType: records are put here (DirectPut), not read from elsewhere ({})", type));
  }
  for (const auto name : kElsewhere) {
    if (FindMember(input, name) != nullptr) {
      return InvalidArgument(fmt::format(
          "{}: there is one destination here, the lake: ExtendedS3DestinationConfiguration", name));
    }
  }
  const auto* extended = FindMember(input, "ExtendedS3DestinationConfiguration");
  const auto* plain = FindMember(input, "S3DestinationConfiguration");
  if ((extended == nullptr) == (plain == nullptr)) {
    return InvalidArgument("Exactly one destination configuration is supported for a Firehose");
  }
  const json::value& destination = extended != nullptr ? *extended : *plain;
  if (!destination.is_object()) {
    return FirehoseError("SerializationException", "the destination's configuration: expected an object");
  }
  for (const char* key : {"RoleARN", "BucketARN"})
    RETURN_IF_ERROR(RequiredText(destination.get_object(), key).status());
  RETURN_IF_ERROR(ApplyDestination(destination.get_object(), catalog_, &spec));
  if (const auto* tags = FindMember(input, "Tags")) {
    if (!tags->is_array()) return FirehoseError("SerializationException", "Tags: expected a list");
    RETURN_IF_ERROR(ApplyTags(tags->get_array(), &spec));
  }
  auto made = streams_.Create(std::move(spec));
  if (made.ok()) Register(made->spec);
  if (CodeOf(made.status()) == ErrorCode::kResourceExhausted) {
    return FirehoseError("LimitExceededException", made.status().message());
  }
  RETURN_IF_ERROR(made.status());
  return json::object{{"DeliveryStreamARN", ArnOf(region, made->spec.name)}};
}

Result<json::object> FirehoseApi::Describe(const json::object& input, const std::string& region) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  ASSIGN_OR_RETURN(const StreamInfo info, streams_.Describe(name));
  json::object description{{"DeliveryStreamName", name},
                           {"DeliveryStreamARN", ArnOf(region, name)},
                           {"DeliveryStreamStatus", StatusOf(info.state)},
                           {"DeliveryStreamEncryptionConfiguration", json::object{{"Status", "DISABLED"}}},
                           {"DeliveryStreamType", "DirectPut"},
                           {"VersionId", std::to_string(info.spec.version)},
                           {"CreateTimestamp", Seconds(info.spec.created)},
                           {"Destinations", DescribeDestinations(info.spec)},
                           {"HasMoreDestinations", false}};
  if (info.state == StreamState::kDeletingFailed) {
    description["FailureDescription"] =
        json::object{{"Type", "UNKNOWN_ERROR"}, {"Details", ToValidUtf8(info.deleting_error)}};
  }
  if (info.spec.updated != info.spec.created) description["LastUpdateTimestamp"] = Seconds(info.spec.updated);
  return json::object{{"DeliveryStreamDescription", std::move(description)}};
}

Result<json::object> FirehoseApi::List(const json::object& input, const std::string&) {
  ASSIGN_OR_RETURN(const int64_t limit, LimitOf(input, 10, 10'000));
  ASSIGN_OR_RETURN(const std::string after, TextOr(input, "ExclusiveStartDeliveryStreamName"));
  ASSIGN_OR_RETURN(const std::string type, TextOr(input, "DeliveryStreamType"));
  json::array names;
  bool more = false;
  if (type.empty() || type == "DirectPut") {
    for (auto& name : streams_.Names(after, static_cast<size_t>(limit) + 1)) {
      if ((more = names.size() == static_cast<size_t>(limit))) break;
      names.emplace_back(std::move(name));
    }
  }
  return json::object{{"DeliveryStreamNames", std::move(names)}, {"HasMoreDeliveryStreams", more}};
}

Result<json::object> FirehoseApi::Update(const json::object& input, const std::string&) {
  const std::lock_guard placing(placing_);
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  ASSIGN_OR_RETURN(const std::string version, RequiredText(input, "CurrentDeliveryStreamVersionId"));
  ASSIGN_OR_RETURN(const std::string destination, RequiredText(input, "DestinationId"));
  Streams::ChangeOptions options;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size() || number < 0) {
    return FirehoseError(
        "ValidationException",
        "1 validation error detected: Value at 'currentDeliveryStreamVersionId' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [0-9]+");
  }
  options.if_version = number;
  RETURN_IF_ERROR(streams_.Describe(name).status());
  if (destination != "destinationId-000000000001") {
    return InvalidArgument(fmt::format("Destination Id {} not found", destination.substr(0, 100)));
  }
  const auto* extended = FindMember(input, "ExtendedS3DestinationUpdate");
  const auto* update = extended != nullptr ? extended : FindMember(input, "S3DestinationUpdate");
  if (update == nullptr || !update->is_object()) {
    return InvalidArgument("there is one kind of destination here: give an ExtendedS3DestinationUpdate");
  }
  const auto changed = streams_.Change(
      name, [&](StreamSpec& spec) { return ApplyDestination(update->get_object(), catalog_, &spec); },
      options);
  if (CodeOf(changed.status()) == ErrorCode::kPreconditionFailed) {
    return FirehoseError("ConcurrentModificationException", changed.status().message());
  }
  RETURN_IF_ERROR(changed.status());
  Register(changed->spec);
  return json::object();
}

// At once, so that the next stream of a declared table sees that it lies somewhere.
void FirehoseApi::Register(const StreamSpec& spec) {
  if (!spec.table_of_catalog || spec.table.empty()) return;
  const auto prefixes = PrefixesOf(spec);
  IgnoreError(prefixes.ok() ? RegisterTableOf(spec, *prefixes, catalog_) : prefixes.status(),
              "the first delivery does it again");
}

Result<json::object> FirehoseApi::Delete(const json::object& input, const std::string&) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  const auto* force = FindMember(input, "AllowForceDelete");
  if (force != nullptr && !force->is_bool()) {
    return FirehoseError("SerializationException", "AllowForceDelete: expected true or false");
  }
  RETURN_IF_ERROR(streams_.Delete(name, force != nullptr && force->get_bool()));
  return json::object();
}

Result<json::object> FirehoseApi::Tag(const json::object& input, const std::string&) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  ASSIGN_OR_RETURN(const json::array* tags, ListOf(input, "Tags"));
  RETURN_IF_ERROR(
      streams_
          .Change(name, [&](StreamSpec& spec) { return ApplyTags(*tags, &spec); }, {.raises_version = false})
          .status());
  return json::object();
}

Result<json::object> FirehoseApi::Untag(const json::object& input, const std::string&) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  ASSIGN_OR_RETURN(const json::array* keys, ListOf(input, "TagKeys"));
  RETURN_IF_ERROR(streams_
                      .Change(name,
                              [&](StreamSpec& spec) {
                                for (const auto& key : *keys) {
                                  if (key.is_string()) spec.tags.erase(std::string(key.get_string()));
                                }
                                return Status::OK();
                              },
                              {.raises_version = false})
                      .status());
  return json::object();
}

Result<json::object> FirehoseApi::ListTags(const json::object& input, const std::string&) {
  ASSIGN_OR_RETURN(const std::string name, NameOf(input));
  ASSIGN_OR_RETURN(const int64_t limit, LimitOf(input, 50, 50));
  ASSIGN_OR_RETURN(const std::string after, TextOr(input, "ExclusiveStartTagKey"));
  ASSIGN_OR_RETURN(const StreamInfo info, streams_.Describe(name));
  json::array tags;
  bool more = false;
  for (auto at = info.spec.tags.upper_bound(after); at != info.spec.tags.end(); ++at) {
    if ((more = static_cast<int64_t>(tags.size()) == limit)) break;
    tags.push_back(json::object{{"Key", at->first}, {"Value", at->second}});
  }
  return json::object{{"Tags", std::move(tags)}, {"HasMoreTags", more}};
}

}  // namespace penstock::stream
