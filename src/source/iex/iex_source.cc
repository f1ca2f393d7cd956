#include "source/iex/iex_source.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <vector>

#include "net/http.h"
#include "net/url.h"
#include "source/api/api_answer.h"
#include "source/api/api_client.h"
#include "source/iex/definitions.h"
#include "source/json_reader_internal.h"
#include "source/opened_body.h"

namespace penstock::source::iex {
namespace {

constexpr char kEndpointName[] = "IEX_ENDPOINT", kTokenName[] = "IEX_TOKEN";

// Empty: it is an endpoint.
std::string EndpointFault(std::string_view endpoint) {
  const auto url = net::ParseUrl(endpoint);
  if (!url.ok() || !url->query.empty() || !url->user.empty()) {
    return fmt::format("expected https://HOST/VERSION, such as https://cloud.iexapis.com/stable, got {}",
                       net::MaskUrl(endpoint));
  }
  if (url->scheme == "http" && !net::IsLoopback(url->host)) {
    return fmt::format("expected https, for the token would travel in the open, got {}",
                       net::MaskUrl(endpoint));
  }
  return "";
}

// Whether the document is an object with nothing but objects in it, at least one: a batch.
class BatchShape : private JsonReader {
 public:
  bool Look(std::string_view text) {
    Document document;
    simdjson::ondemand::object root;
    if (!Open(text, &document) || !Json(document.get_object().get(root))) return false;
    size_t members = 0;
    return EachMember(root,
                      [&](std::string_view, Value member) {
                        ++members;
                        simdjson::ondemand::json_type type{};
                        return Json(member.type().get(type)) && type == simdjson::ondemand::json_type::object;
                      }) &&
           members > 0;
  }
};

class IexSource : public RecordSource {
 public:
  IexSource(std::string endpoint, std::unique_ptr<const ApiClient> client)
      : endpoint_(std::move(endpoint)), client_(std::move(client)) {
    batch_.records = *RecordPath::Parse("/{symbol}/{type}");
  }

  Result<FetchedSeries> Fetch(const RecordSeries& series, std::string_view cursor,
                              const std::function<Status(RecordAnswer)>& on_page,
                              std::stop_token stop) const override {
    if (client_ == nullptr)
      return MakeError(ErrorCode::kUsage, "this source was made without an HTTP client");
    RETURN_IF_ERROR(Check(series));
    const IexRequest request = RequestOf(series.query);
    ASSIGN_OR_RETURN(ApiReply reply,
                     client_->Send("GET", net::WithQuery(endpoint_ + request.path, request.query), "",
                                   request.csv ? "csv" : "json", stop));
    RETURN_IF_ERROR(on_page(std::move(reply.answer)));
    return FetchedSeries{.pages = 1, .cursor = std::string(cursor)};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Read(std::string_view bytes,
                                                   std::string_view extension) const override {
    if (extension != "json") return ReadRecords(bytes, extension, plain_);
    std::string inflated;
    ASSIGN_OR_RETURN(const std::string_view text, OpenBody(bytes, "the answer", &inflated));
    if (IsErrorObject(text)) {
      return MakeError(ErrorCode::kInvalidData,
                       fmt::format("an error instead of records: \"{}\"", ErrorWords(text)));
    }
    const bool batch = text.front() == '{' && BatchShape().Look(text);
    return ReadRecords(text, extension, batch ? batch_ : plain_);
  }

  Status Check(const RecordSeries& series) const override {
    RETURN_IF_ERROR(CheckSeriesKey(series.key));
    const auto faults = FaultsOf(series.query);
    if (faults.empty()) return Status::OK();
    return MakeError(ErrorCode::kConfiguration, fmt::format("/{}{}", series.key, fmt::join(faults, "; ")),
                     "correct it in definitions.json");
  }

 private:
  const std::string endpoint_;
  const std::unique_ptr<const ApiClient> client_;  // nullptr: made for reading only
  RecordOptions plain_, batch_;
};

}  // namespace

const std::string_view kSampleConfiguration =
    "kind: iex\n"
    "# Scheme, host and version. Empty: the environment variable IEX_ENDPOINT. The token is IEX_TOKEN.\n"
    "endpoint: \"\"\n";

Status CheckIexSettings(const SourceSettings& settings) {
  for (const auto& [key, value] : settings) {
    if (key != "endpoint") {
      return MakeError(
          ErrorCode::kConfiguration, fmt::format("source.{}: no such key; known: endpoint", key),
          "what is asked for stands in definitions.json, the token in the environment: IEX_TOKEN");
    }
    const std::string fault = value.empty() ? "" : EndpointFault(value);
    if (!fault.empty()) return MakeError(ErrorCode::kConfiguration, "source.endpoint: " + fault);
  }
  return Status::OK();
}

Result<std::unique_ptr<RecordSource>> MakeIexSource(const SourceSettings& settings,
                                                    const SourceParts& parts) {
  RETURN_IF_ERROR(CheckIexSettings(settings));
  if (parts.client == nullptr) return std::make_unique<IexSource>("", nullptr);
  std::vector<std::string> faults;
  const auto setting = settings.find("endpoint");
  std::string endpoint = setting == settings.end() ? "" : setting->second;
  if (endpoint.empty()) {
    endpoint = ValueOf(parts, kEndpointName);
    if (endpoint.empty()) {
      faults.push_back(fmt::format("the environment variable {} is not set", kEndpointName));
    } else if (const std::string fault = EndpointFault(endpoint); !fault.empty()) {
      faults.push_back(fmt::format("{}: {}", kEndpointName, fault));
    }
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  // Asked of the same place as the token, so that both are named at once.
  const std::string target = faults.empty() ? endpoint : "https://iex.invalid";
  const ApiAuth auth{ApiAuth::Kind::kQuery, kTokenName, "token", ""};
  auto client = ApiClient::Make(auth, {}, {}, target, parts);
  if (!client.ok()) faults.push_back(client.status().message());
  if (!faults.empty()) {
    return MakeError(
        ErrorCode::kConfiguration, fmt::format("{}", fmt::join(faults, "\n")),
        "export IEX_ENDPOINT (https://cloud.iexapis.com/stable, or a server that speaks the same) and "
        "IEX_TOKEN");
  }
  return std::make_unique<IexSource>(endpoint, std::make_unique<const ApiClient>(*std::move(client)));
}

}  // namespace penstock::source::iex
