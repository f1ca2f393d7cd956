#include "source/replay/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "source/inflate.h"
#include "source/replay/generated_bars.h"
#include "source/replay/request_log.h"

namespace penstock::source {
namespace {

constexpr int64_t kDripBytes = 64;

template <typename Number>
bool ReadNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

std::chrono::milliseconds Milliseconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span);
}

Status ParseKind(std::string_view text, Fault* fault) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const bool has_span = equals != std::string_view::npos;
  if (has_span) {
    ASSIGN_OR_RETURN(fault->span, ParseSpan(text.substr(equals + 1)));
  }
  static constexpr std::pair<std::string_view, Fault::Kind> kKinds[] = {
      {"latency", Fault::Kind::kLatency},   {"reset", Fault::Kind::kReset},
      {"truncate", Fault::Kind::kTruncate}, {"cut", Fault::Kind::kCut},
      {"garbage", Fault::Kind::kGarbage},   {"html", Fault::Kind::kHtml},
      {"drip", Fault::Kind::kDrip},         {"gzip", Fault::Kind::kGzip}};
  const auto kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& k) { return k.first == name; });
  if (kind != std::end(kKinds)) {
    fault->kind = kind->second;
  } else if (!ReadNumber(name, &fault->status) || fault->status < 400 || fault->status > 599) {
    return MakeError(ErrorCode::kUsage, "no such fault: " + std::string(text),
                     "one of latency=50ms, 429, 500, reset, truncate, cut, garbage, html, drip=20ms, gzip");
  }
  const bool wants_span = fault->kind == Fault::Kind::kLatency || fault->kind == Fault::Kind::kDrip;
  if (has_span && !wants_span)
    return MakeError(ErrorCode::kUsage, "this fault takes no span: " + std::string(text));
  if (!has_span && fault->kind == Fault::Kind::kLatency) {
    return MakeError(ErrorCode::kUsage,
                     "this fault needs a span, such as latency=50ms: " + std::string(text));
  }
  if (!has_span) fault->span = std::chrono::milliseconds(20);
  return Status::OK();
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<Fault> ParseFault(std::string_view text) {
  Fault fault;
  const size_t colon = text.find(':');
  RETURN_IF_ERROR(ParseKind(text.substr(0, colon), &fault));
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    const size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    bool good = !value.empty();
    if (key == "rate") {
      good = good && ReadNumber(value, &fault.rate) && fault.rate >= 0 && fault.rate <= 1;
    } else if (key == "seed") {
      good = good && ReadNumber(value, &fault.seed);
    } else if (key == "symbol") {
      fault.symbol = value;
    } else if (key == "times") {
      good = good && ReadNumber(value, &fault.times) && fault.times >= 0;
    } else if (key == "after") {
      good = good && ReadNumber(value, &fault.after) && fault.after >= 0;
    } else if (key == "retry_after") {
      ASSIGN_OR_RETURN(fault.retry_after, ParseSpan(value));
    } else {
      good = false;
    }
    if (!good) {
      return MakeError(ErrorCode::kUsage, fmt::format("in the fault {}: {}", text, word),
                       "keys: rate=0..1, seed=N, symbol=PATTERN, times=N, after=N, retry_after=SPAN");
    }
  }
  return fault;
}

std::vector<const Fault*> FaultPlan::Strike(const std::string& symbol) {
  std::vector<const Fault*> struck;
  if (faults_.empty()) return struck;
  int64_t asked = 0;
  {
    const std::lock_guard lock(mutex_);
    asked = asked_[symbol]++;
  }
  for (size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (!MatchesPattern(fault.symbol, symbol) || asked < fault.after) continue;
    if (fault.times >= 0 && asked >= fault.after + fault.times) continue;
    const uint64_t dice = StableHash(fmt::format("{}#{}#{}", symbol, asked, i), fault.seed) >> 11;  // 53 bits
    if (static_cast<double>(dice) < fault.rate * 9007199254740992.0) struck.push_back(&fault);
  }
  return struck;
}

void FaultPlan::Reset() {
  const std::lock_guard lock(mutex_);
  asked_.clear();
}

Status FaultPlan::Apply(const Fault& fault, const std::string& symbol, net::ServerResponse* response) {
  const auto half = static_cast<int64_t>(response->body.size() / 2);
  switch (fault.kind) {
    case Fault::Kind::kLatency: response->delay += Milliseconds(fault.span); break;
    case Fault::Kind::kStatus:
      response->status = fault.status;
      response->body =
          fault.status == 429 ? "Edge: Too Many Requests" : "ordered: status " + std::to_string(fault.status);
      if (fault.status == 429) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(fault.retry_after).count();
        response->headers.Add("Retry-After", std::to_string(seconds));
      }
      break;
    case Fault::Kind::kReset: response->reset_after_bytes = half + 1; break;
    case Fault::Kind::kTruncate: response->truncate_after_bytes = half; break;
    case Fault::Kind::kCut: response->body.resize(static_cast<size_t>(half)); break;
    case Fault::Kind::kGarbage: {
      std::string noise;
      for (uint64_t i = 0; noise.size() < 2'048; ++i) {
        const uint64_t word = StableHash(symbol, i);
        noise.append(reinterpret_cast<const char*>(&word), sizeof(word));
      }
      noise[0] = '\x01';  // never by chance a '{'
      response->body = std::move(noise);
      break;
    }
    case Fault::Kind::kHtml:
      response->status = 200;
      response->body =
          "<!DOCTYPE html><html lang=\"en-us\"><head><title>Yahoo</title></head><body><p>Will be right "
          "back...</p>"
          "</body></html>\n";
      break;
    case Fault::Kind::kDrip:
      response->drip = net::ServerResponse::Drip{kDripBytes, Milliseconds(fault.span)};
      break;
    case Fault::Kind::kGzip: {
      ASSIGN_OR_RETURN(response->body, Deflate(response->body));
      break;
    }
  }
  return Status::OK();
}

}  // namespace penstock::source
