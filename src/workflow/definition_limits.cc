#include "workflow/definition_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_text.h"

namespace penstock::workflow {
namespace {

constexpr int64_t kMaxInlineConcurrency = 40;
constexpr int64_t kMaxDistributedConcurrency = 10'000;
constexpr int64_t kMaxEvents = 25'000;
constexpr size_t kMaxPayloadBytes = 262'144;
constexpr int64_t kMaxExecutionSeconds = 31'536'000;  // a year
constexpr const char* kDistributed = "set ItemProcessor.ProcessorConfig.Mode to DISTRIBUTED";

void Warn(std::vector<Diagnostic>& out, std::string pointer, std::string_view code, std::string message,
          std::string fix) {
  out.push_back(
      {std::move(pointer), 1, std::string(code), std::move(message), Severity::kWarning, std::move(fix)});
}

const json::value* Member(const json::object* object, std::string_view key) {
  return object == nullptr ? nullptr : object->if_contains(key);
}

const json::object* Object(const json::object* object, std::string_view key) {
  const auto* value = Member(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

int64_t Whole(const json::object& fields, std::string_view key) {
  const auto* value = fields.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool IsDistributed(const json::object& fields) {
  const auto* processor = Object(&fields, "ItemProcessor");
  const auto* mode = Member(Object(processor, "ProcessorConfig"), "Mode");
  return mode != nullptr && *mode == "DISTRIBUTED";
}

class LimitCheck {
 public:
  LimitCheck(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out)
      : outline_(outline), out_(out) {}

  void Run() {
    for (const auto& machine : outline_) {
      for (const auto& state : machine.states) {
        if (state.fields == nullptr) continue;
        Payloads(state);
        Durations(state);
        if (state.type == "Map") Map(state);
      }
    }
  }

 private:
  void Payloads(const OutlineState& state) {
    for (const char* key : {"Result", "Parameters", "ResultSelector", "ItemSelector", "Items", "Arguments",
                            "Output", "Assign"}) {
      const auto* value = state.fields->if_contains(key);
      if (value == nullptr || value->is_string()) continue;
      const size_t size = JsonText(*value).size();
      if (size <= kMaxPayloadBytes) continue;
      Warn(out_, fmt::format("{}/{}", state.pointer, key), "LIMIT_PAYLOAD",
           fmt::format("{} is {} bytes as JSON; input and output of a state have at most {}", key, size,
                       kMaxPayloadBytes),
           "put it into an object of the bucket and pass its key; a distributed Map reads its items from "
           "there");
    }
  }

  void Durations(const OutlineState& state) {
    for (const char* key : {"Seconds", "TimeoutSeconds"}) {
      if (Whole(*state.fields, key) > kMaxExecutionSeconds) {
        Warn(out_, fmt::format("{}/{}", state.pointer, key), "LIMIT_DURATION",
             fmt::format("{} is longer than a year, and an execution ends after a year", key),
             fmt::format("at most {}", kMaxExecutionSeconds));
      }
    }
  }

  void Map(const OutlineState& state) {
    const json::object& fields = *state.fields;
    const int64_t concurrency = Whole(fields, "MaxConcurrency");
    if (IsDistributed(fields)) {
      if (concurrency > kMaxDistributedConcurrency) {
        Warn(out_, state.pointer + "/MaxConcurrency", "LIMIT_MAP_CONCURRENCY",
             fmt::format("a distributed Map runs at most {} child executions at once",
                         kMaxDistributedConcurrency),
             fmt::format("at most {}", kMaxDistributedConcurrency));
      }
      return;
    }
    if (concurrency > kMaxInlineConcurrency) {
      Warn(out_, state.pointer + "/MaxConcurrency", "LIMIT_MAP_CONCURRENCY",
           fmt::format("an inline Map runs at most {} iterations at once on Step Functions",
                       kMaxInlineConcurrency),
           kDistributed);
    }
    if (state.inner.empty()) return;
    const int64_t events = 2 + EventsOf(state.inner.front(), 0);
    const int64_t items_allowed = kMaxEvents / events;
    const auto* literal = state.jsonata ? fields.if_contains("Items") : nullptr;
    if (literal != nullptr && literal->is_array()) {
      const auto items = static_cast<int64_t>(literal->get_array().size());
      if (items <= items_allowed) return;
    }
    Warn(out_, state.pointer, "LIMIT_HISTORY_EVENTS",
         fmt::format(
             "each item adds up to {} events to the history: above {} items an execution passes the {} "
             "events that Step Functions allows",
             events, items_allowed, kMaxEvents),
         kDistributed);
  }

  // The most events that one run of a machine writes, each state visited once.
  int64_t EventsOf(int machine, int depth) {
    int64_t events = 0;
    for (const auto& state : outline_[static_cast<size_t>(machine)].states) {
      events += state.type == "Fail" ? 1 : 2;  // entered and left
      if (state.type == "Task") events += 3;   // scheduled, started, succeeded
      if (state.type == "Map" || state.type == "Parallel") events += 2;
      for (const int inner : state.inner)
        events += (state.type == "Map" ? 2 : 0) + EventsOf(inner, depth + 1);
    }
    return events;
  }

  const std::vector<OutlineMachine>& outline_;
  std::vector<Diagnostic>& out_;
};

bool LooksLikePath(std::string_view text) {
  return text == "$" || text == "$$" || text.substr(0, 2) == "$." || text.substr(0, 2) == "$[" ||
         text.substr(0, 3) == "$$.";
}

bool LooksLikeIntrinsic(std::string_view text) {
  return text.substr(0, 7) == "States." && text.find('(') != std::string_view::npos && text.back() == ')';
}

class StaticPathCheck {
 public:
  explicit StaticPathCheck(std::vector<Diagnostic>& out) : out_(out) {}

  void Check(const OutlineState& state) {
    const json::object& fields = *state.fields;
    if (state.jsonata) {
      for (const char* key : {"Arguments", "Output", "Assign", "ItemSelector"}) {
        if (const auto* value = fields.if_contains(key)) Undelimited(*value, Below(state.pointer, key));
      }
      return;
    }
    for (const char* key : {"Parameters", "ResultSelector", "ItemSelector", "Assign"}) {
      if (const auto* value = fields.if_contains(key)) Undollared(*value, Below(state.pointer, key));
    }
    if (const auto* result = fields.if_contains("Result"); result != nullptr && state.type == "Pass")
      Static(*result, state.pointer + "/Result");
    if (const auto* choices = fields.if_contains("Choices")) Unpathed(*choices, state.pointer + "/Choices");
    for (const char* key : {"Error", "Cause"}) {
      const auto* value = fields.if_contains(key);
      if (value != nullptr && state.type == "Fail") OneUnpathed(key, *value, Below(state.pointer, key));
    }
  }

 private:
  static std::string Below(const std::string& pointer, std::string_view key) {
    return pointer + "/" + EscapePointer(key);
  }

  template <typename Visit>
  static void ForEach(const json::value& value, const std::string& pointer, const Visit& visit) {
    if (const auto* object = value.if_object()) {
      for (const auto& member : *object) visit(member.key(), member.value(), Below(pointer, member.key()));
    } else if (const auto* array = value.if_array()) {
      for (size_t i = 0; i < array->size(); ++i)
        visit(std::string_view(), (*array)[i], fmt::format("{}/{}", pointer, i));
    }
  }

  void Undollared(const json::value& value, const std::string& pointer) {
    ForEach(value, pointer, [&](std::string_view key, const json::value& one, const std::string& place) {
      const bool dollared = key.size() > 2 && key.substr(key.size() - 2) == ".$";
      if (one.is_string() && !key.empty() && !dollared) {
        const std::string_view text = one.get_string();
        if (LooksLikePath(text) || LooksLikeIntrinsic(text)) {
          Warn(out_, place, "NO_DOLLAR",
               fmt::format("The value of '{}' appears to be a {}, and is taken as text", key,
                           LooksLikePath(text) ? "path" : "intrinsic function"),
               fmt::format("name the field '{}.$'", key));
        }
      }
      Undollared(one, place);
    });
  }

  void Undelimited(const json::value& value, const std::string& pointer) {
    if (value.is_string()) {
      const std::string_view text = value.get_string();
      if (text.substr(0, 7) == "$states" || LooksLikePath(text)) {
        Warn(out_, pointer, "NO_DELIMITERS", "The value appears to be an expression, and is taken as text",
             fmt::format("write \"{{% {} %}}\"", text.substr(0, 80)));
      }
    }
    ForEach(value, pointer, [&](std::string_view, const json::value& one, const std::string& place) {
      Undelimited(one, place);
    });
  }

  void Static(const json::value& value, const std::string& pointer) {
    if (value.is_string() && (LooksLikePath(std::string_view(value.get_string())) ||
                              LooksLikeIntrinsic(std::string_view(value.get_string())))) {
      Warn(out_, pointer, "PASS_RESULT_IS_STATIC",
           "The Result of a Pass state is taken as it stands: no path in it is evaluated",
           "use Parameters in the place of Result, with a key that ends in '.$'");
    }
    ForEach(value, pointer,
            [&](std::string_view, const json::value& one, const std::string& place) { Static(one, place); });
  }

  void OneUnpathed(std::string_view key, const json::value& value, const std::string& place) {
    if (!value.is_string() || !LooksLikePath(std::string_view(value.get_string()))) return;
    Warn(out_, place, "NO_PATH",
         fmt::format("The value of '{}' appears to be a path, and is taken as text", key),
         fmt::format("name the field '{}Path'", key));
  }

  void Unpathed(const json::value& value, const std::string& pointer) {
    ForEach(value, pointer, [&](std::string_view key, const json::value& one, const std::string& place) {
      const auto has = [&](std::string_view word) { return key.find(word) != std::string_view::npos; };
      const bool comparison = has("Equals") || has("LessThan") || has("GreaterThan");
      const bool path = key.size() > 4 && key.substr(key.size() - 4) == "Path";
      if (comparison && !path) OneUnpathed(key, one, place);
      if (key != "Assign" && key != "Output") Unpathed(one, place);
    });
  }

  std::vector<Diagnostic>& out_;
};

}  // namespace

void CheckLimits(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out) {
  LimitCheck(outline, out).Run();
}

void CheckStaticPaths(const std::vector<OutlineMachine>& outline, std::vector<Diagnostic>& out) {
  StaticPathCheck check(out);
  for (const auto& machine : outline) {
    for (const auto& state : machine.states) {
      if (state.fields != nullptr) check.Check(state);
    }
  }
}

}  // namespace penstock::workflow
