#include "pipeline/service_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json_text.h"
#include "base/md5.h"
#include "base/sha256.h"
#include "net/http.h"
#include "net/url.h"
#include "pipeline/dead_letter.h"
#include "pipeline/parquet_items.h"
#include "query/result_writer.h"
#include "query/saved_query.h"
#include "queue/queue.h"
#include "store/object_store.h"

namespace penstock::pipeline {
namespace {

Status Missing(std::string_view key) {
  return workflow::MakeTaskError("States.Runtime",
                                 fmt::format("The parameter '{}' is required and must be a text.", key));
}

Result<std::string> Parameter(const json::value& input, std::string_view key) {
  auto text = GetString(input, key);
  return text.ok() ? std::move(text) : Missing(key);
}

std::string TextOf(const json::value* value) {
  if (value == nullptr) return "";
  return value->is_string() ? std::string(value->get_string()) : JsonText(*value);
}

std::string LastPart(const std::string& text, char separator) {
  return text.substr(text.rfind(separator) + 1);
}

std::string Uuid(const std::string& seed) {
  const std::string hex = Sha256Hex(seed);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

int64_t Millis(Duration span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); }

}  // namespace

ServiceTask FindServiceTask(std::string_view plain_resource) {
  static constexpr std::array<std::pair<std::string_view, ServiceTask>, 4> kTasks{{
      {"arn:aws:states:::sqs:sendMessage", &SendSqsMessage},
      {"arn:aws:states:::sns:publish", &PublishToTopic},
      {"arn:aws:states:::athena:startQueryExecution", &RunAthenaQuery},
      {"arn:aws:states:::http:invoke", &InvokeHttp},
  }};
  for (const auto& [resource, task] : kTasks) {
    if (resource == plain_resource) return task;
  }
  return nullptr;
}

Result<json::value> SendSqsMessage(const ServiceContext& context, const workflow::TaskRequest& request) {
  ASSIGN_OR_RETURN(const std::string url, Parameter(request.input, "QueueUrl"));
  const std::string name = LastPart(url, '/');
  const std::string text = TextOf(FindMember(request.input, "MessageBody"));
  std::shared_ptr<queue::Queue> found;
  queue::Queue* queue = context.runtime.dead_letters;
  if (name != context.pipeline.dead_letter_queue()) {
    auto other =
        context.runtime.services.queue
            ? context.runtime.services.queue(name, false)
            : Result<std::shared_ptr<queue::Queue>>(MakeError(ErrorCode::kNotFound, "no queues here"));
    if (!other.ok()) {
      return workflow::MakeTaskError("Sqs.QueueDoesNotExistException",
                                     fmt::format("The specified queue does not exist: {}", url));
    }
    found = *std::move(other);
    queue = found.get();
  }
  queue::SendOptions options;
  if (const auto letter = DeadLetter::Parse(text); letter.ok()) options.dedup_id = letter->dedup_id();
  ASSIGN_OR_RETURN(const int64_t delay, GetIntOr(request.input, "DelaySeconds", 0));
  options.delay = std::chrono::seconds(delay);
  const auto id = queue->Send(text, options);
  if (!id.ok() && CodeOf(id.status()) == ErrorCode::kTooLarge) {
    return workflow::MakeTaskError("Sqs.InvalidMessageContentsException", Describe(id.status()));
  }
  RETURN_IF_ERROR(id.status());
  return json::object{{"MD5OfMessageBody", Md5Hex(text)}, {"MessageId", *id}};
}

Result<json::value> PublishToTopic(const ServiceContext& context, const workflow::TaskRequest& request) {
  ASSIGN_OR_RETURN(const std::string arn, Parameter(request.input, "TopicArn"));
  auto topic = context.runtime.services.queue
                   ? context.runtime.services.queue("sns-" + LastPart(arn, ':'), true)
                   : Result<std::shared_ptr<queue::Queue>>(MakeError(ErrorCode::kNotFound, "no topics here"));
  if (!topic.ok()) return workflow::MakeTaskError("Sns.NotFoundException", "Topic does not exist: " + arn);
  json::object message{{"Message", TextOf(FindMember(request.input, "Message"))}};
  if (const auto* subject = FindMember(request.input, "Subject")) message["Subject"] = *subject;
  queue::SendOptions options;
  options.dedup_id = Uuid(request.id);  // a repeated attempt is the same message
  ASSIGN_OR_RETURN(const std::string id, (*topic)->Send(JsonText(message), options));
  context.runtime.log.Info("sns_published", {{"topic", arn}, {"message_id", id}});
  return json::object{{"MessageId", id}};
}

Result<json::value> RunAthenaQuery(const ServiceContext& context, const workflow::TaskRequest& request) {
  ASSIGN_OR_RETURN(const std::string text, Parameter(request.input, "QueryString"));
  const auto refused = [](std::string cause) {
    return workflow::MakeTaskError("Athena.InvalidRequestException", std::move(cause));
  };
  const Runtime& runtime = context.runtime;
  if (!runtime.services.sql) return refused("there is no SQL engine here");
  const auto* database = FindMember(request.input, "QueryExecutionContext");
  const std::string database_name = database == nullptr ? "" : TextOf(FindMember(*database, "Database"));
  std::string sql = text;
  query::QueryOptions options;
  options.stop = context.stop;
  constexpr std::string_view kExecute = "EXECUTE ";
  if (text.rfind(kExecute, 0) == 0) {
    const auto saved = query::LoadSavedQuery(context.pipeline.queries_folder(), text.substr(kExecute.size()));
    if (!saved.ok()) return refused(Describe(saved.status()));
    ASSIGN_OR_RETURN(const auto engine, runtime.services.sql(database_name));
    std::map<std::string, std::string> given;
    const auto* values = FindMember(request.input, "ExecutionParameters");
    for (size_t i = 0; values != nullptr && values->is_array() && i < values->get_array().size(); ++i) {
      if (i >= saved->parameters.size()) return refused("more ExecutionParameters than the query has");
      given[saved->parameters[i].name] = TextOf(&values->get_array()[i]);
    }
    auto parameters = query::ResolveParameters(*saved, given, query::LastSessionOf(*engine));
    if (!parameters.ok()) return refused(Describe(parameters.status()));
    options.parameters = *std::move(parameters);
    sql = saved->sql;
  }
  const auto* configuration = FindMember(request.input, "ResultConfiguration");
  const std::string location =
      configuration == nullptr ? "" : TextOf(FindMember(*configuration, "OutputLocation"));
  const size_t slash = location.find('/', 5);
  if (location.rfind("s3://", 0) != 0 || location.size() < 6) {
    return refused("ResultConfiguration.OutputLocation must be an S3 path: s3://BUCKET/PREFIX/");
  }
  const std::string bucket = location.substr(5, slash == std::string::npos ? slash : slash - 5);
  std::string prefix = slash == std::string::npos ? "" : location.substr(slash + 1);
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  const auto sources = SourcesOf(runtime);
  const auto store = sources.bucket(bucket);
  if (!store.ok()) return refused("Unable to verify/create output bucket " + bucket);

  const std::string id = Uuid("athena " + request.id);
  const TimePoint submitted = runtime.clock->Now();
  std::string bytes;
  const auto run = [&]() -> Status {
    ASSIGN_OR_RETURN(const auto engine, runtime.services.sql(database_name));
    ASSIGN_OR_RETURN(const auto stream, engine->Execute(sql, options));
    query::WriteOptions write;
    write.format = query::ResultFormat::kCsv;
    RETURN_IF_ERROR(query::WriteResult(*stream, write, [&](std::string_view piece) {
                      bytes += piece;
                      return Status::OK();
                    }).status());
    return (*store)->Put(prefix + id + ".csv", bytes).status();
  };
  const Status ran = run();
  if (!ran.ok() && CodeOf(ran) == ErrorCode::kCancelled) return ran;
  const TimePoint completed = runtime.clock->Now();
  json::object status{{"CompletionDateTime", Millis(completed.time_since_epoch())},
                      {"State", ran.ok() ? "SUCCEEDED" : "FAILED"},
                      {"SubmissionDateTime", Millis(submitted.time_since_epoch())}};
  if (!ran.ok()) status["StateChangeReason"] = Describe(ran);
  json::object execution{
      {"Query", sql},
      {"QueryExecutionContext", database == nullptr ? json::value(json::object()) : *database},
      {"QueryExecutionId", id},
      {"ResultConfiguration", {{"OutputLocation", fmt::format("s3://{}/{}{}.csv", bucket, prefix, id)}}},
      {"StatementType", "DML"},
      {"Statistics",
       {{"DataScannedInBytes", 0},
        {"EngineExecutionTimeInMillis", Millis(completed - submitted)},
        {"TotalExecutionTimeInMillis", Millis(completed - submitted)}}},
      {"Status", std::move(status)},
      {"WorkGroup", GetStringOr(request.input, "WorkGroup", "primary").ValueOr("primary")}};
  const bool sync =
      request.resource.size() > 5 && request.resource.rfind(".sync") == request.resource.size() - 5;
  json::value answer = json::object{{"QueryExecution", std::move(execution)}};
  if (!ran.ok())
    return sync ? workflow::MakeTaskError("States.TaskFailed", JsonText(answer)) : refused(Describe(ran));
  if (sync) return answer;
  return json::object{{"QueryExecutionId", id}};
}

Result<json::value> InvokeHttp(const ServiceContext& context, const workflow::TaskRequest& request) {
  ASSIGN_OR_RETURN(const std::string endpoint, Parameter(request.input, "ApiEndpoint"));
  net::HttpRequest http;
  ASSIGN_OR_RETURN(http.method, Parameter(request.input, "Method"));
  const auto url = net::ParseUrl(endpoint);
  if (!url.ok()) return workflow::MakeTaskError("States.Runtime", "ApiEndpoint: " + url.status().message());
  const auto& hosts = context.runtime.services.http_hosts;
  const bool loopback = url->host == "127.0.0.1" || url->host == "localhost" || url->host == "::1";
  if (!loopback && std::find(hosts.begin(), hosts.end(), url->host) == hosts.end()) {
    return workflow::MakeTaskError("States.Http.AccessDeniedException",
                                   fmt::format("http:invoke may ask this machine only, not {}", url->host));
  }
  if (!context.runtime.services.http)
    return workflow::MakeTaskError("States.Http.Socket", "there is no HTTP here");
  net::QueryParams query;
  if (const auto* given = FindMember(request.input, "QueryParameters");
      given != nullptr && given->is_object()) {
    for (const auto& member : given->get_object()) {
      if (!member.value().is_array()) {
        query.emplace_back(member.key(), TextOf(&member.value()));
        continue;
      }
      for (const auto& value : member.value().get_array()) query.emplace_back(member.key(), TextOf(&value));
    }
  }
  http.url = query.empty() ? endpoint : net::WithQuery(endpoint, query);
  if (const auto* given = FindMember(request.input, "Headers"); given != nullptr && given->is_object()) {
    for (const auto& member : given->get_object()) http.headers.Add(member.key(), TextOf(&member.value()));
  }
  if (const auto* body = FindMember(request.input, "RequestBody")) {
    http.body = TextOf(body);
    if (!http.headers.Find("Content-Type")) http.headers.Add("Content-Type", "application/json");
  }
  ASSIGN_OR_RETURN(net::HttpClient* const client, context.runtime.services.http());
  const auto response = client->Send(http, context.stop);
  if (!response.ok()) {
    if (CodeOf(response.status()) == ErrorCode::kCancelled) return response.status();
    return workflow::MakeTaskError("States.Http.Socket", Describe(response.status()));
  }
  json::object headers;
  for (const auto& [name, value] : response->headers.fields()) {
    json::value& values = headers[name];
    if (!values.is_array()) values = json::array();
    values.get_array().emplace_back(value);
  }
  auto parsed = ParseJson(response->body);
  static const std::map<int, std::string_view> kTexts{{200, "OK"},
                                                      {201, "Created"},
                                                      {202, "Accepted"},
                                                      {204, "No Content"},
                                                      {400, "Bad Request"},
                                                      {401, "Unauthorized"},
                                                      {403, "Forbidden"},
                                                      {404, "Not Found"},
                                                      {409, "Conflict"},
                                                      {429, "Too Many Requests"},
                                                      {500, "Internal Server Error"},
                                                      {503, "Service Unavailable"}};
  const auto known = kTexts.find(response->status);
  json::object answer{
      {"Headers", std::move(headers)},
      {"ResponseBody", parsed.ok() ? *std::move(parsed) : json::value(ToValidUtf8(response->body))},
      {"StatusCode", response->status},
      {"StatusText", known == kTexts.end() ? "" : known->second}};
  if (response->status >= 200 && response->status < 300) return json::value(std::move(answer));
  return workflow::MakeTaskError(fmt::format("States.Http.StatusCode.{}", response->status),
                                 JsonText(answer));
}

workflow::ItemSources SourcesOf(const Runtime& runtime) {
  workflow::ItemSources sources;
  store::ObjectStore* const store = runtime.store;
  sources.bucket = [store](const std::string& name) -> Result<store::ObjectStore*> {
    if (store != nullptr && (name == "lake" || name == LastPart(store->uri(), '/'))) return store;
    return MakeError(ErrorCode::kNotFound, "no such bucket: " + name);
  };
  sources.parquet_rows = &ParquetItems;
  return sources;
}

}  // namespace penstock::pipeline
