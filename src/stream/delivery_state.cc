#include "stream/delivery_state.h"

#include <fmt/format.h>

#include "base/json.h"
#include "stream/stream_folder.h"

namespace penstock::stream {
namespace {

constexpr std::string_view kName = "delivery.json";

Result<uint64_t> Sequence(const json::value& from, std::string_view key) {
  ASSIGN_OR_RETURN(const int64_t value, GetInt(from, key));
  if (value < 0) return MakeError(ErrorCode::kInvalidData, fmt::format("\"{}\" is below 0", key));
  return static_cast<uint64_t>(value);
}

Result<DeliveryState> Parse(std::string_view text) {
  ASSIGN_OR_RETURN(const auto document, ParseJson(text));
  DeliveryState state;
  ASSIGN_OR_RETURN(state.delivered, Sequence(document, "delivered"));
  const auto* plan = document.get_object().if_contains("plan");
  if (plan == nullptr) return state;
  DeliveryPlan out;
  ASSIGN_OR_RETURN(out.first, Sequence(*plan, "first"));
  ASSIGN_OR_RETURN(out.end, Sequence(*plan, "end"));
  const auto* keys = plan->get_object().if_contains("keys");
  if (keys == nullptr || !keys->is_array())
    return MakeError(ErrorCode::kInvalidData, "\"keys\": expected a list");
  for (const auto& key : keys->get_array()) {
    if (!key.is_string()) return MakeError(ErrorCode::kInvalidData, "\"keys\": expected texts");
    out.keys.emplace_back(key.get_string());
  }
  state.plan = std::move(out);
  return state;
}

}  // namespace

Result<DeliveryState> ReadDeliveryState(const std::string& stream_folder) {
  const std::string path = fmt::format("{}/{}", stream_folder, kName);
  ASSIGN_OR_RETURN(const auto text, ReadFileOf(path));
  if (!text) return DeliveryState();
  auto state = Parse(*text);
  if (!state.ok()) {
    return MakeError(
        ErrorCode::kCorrupt, fmt::format("{}: {}", path, state.status().message()),
        "it says what of the stream's log is in the lake: take it from a backup; the log itself is whole");
  }
  return state;
}

Status WriteDeliveryState(const std::string& stream_folder, const DeliveryState& state) {
  json::object document{{"delivered", state.delivered}};
  if (state.plan) {
    json::array keys;
    for (const auto& key : state.plan->keys) keys.emplace_back(key);
    document["plan"] =
        json::object{{"first", state.plan->first}, {"end", state.plan->end}, {"keys", std::move(keys)}};
  }
  return ReplaceFile(stream_folder, kName, penstock::ToJson(document) + "\n");
}

}  // namespace penstock::stream
