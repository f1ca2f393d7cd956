#include "source/replay/generated_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/date.h"

namespace penstock::source {
namespace {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
class SplitMix {
 public:
  explicit SplitMix(uint64_t state) : state_(state) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // In [0, bound).
  int64_t Below(int64_t bound) { return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound)); }
  // About normal, standard deviation `deviation`: the sum of four.
  int64_t Bell(int64_t deviation) {
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i) sum += Below(2 * deviation + 1) - deviation;
    return sum * 866 / 1000;
  }

 private:
  uint64_t state_;
};

constexpr int64_t kPart = 1'000'000;     // moves are in millionths
constexpr int64_t kMin = 100;            // a price never falls below 1.00
constexpr int64_t kMax = 10'000'000;     // nor rises above 100,000.00
constexpr int64_t kDividendEvery = 126;  // sessions: half a year

int64_t Move(int64_t price, int64_t millionths) {
  return std::clamp(price + price * millionths / kPart, kMin, kMax);
}

void AppendPrice(int64_t hundredths, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}.{:02},", hundredths / 100, hundredths % 100);
}

}  // namespace

uint64_t StableHash(std::string_view text, uint64_t seed) {
  uint64_t hash = 14695981039346656037ull;  // FNV-1a, 64 bits
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ull;
  }
  return SplitMix(hash ^ SplitMix(seed).Next()).Next();
}

Result<GeneratedSeries> GenerateBars(std::string_view symbol, const calendar::ExchangeCalendar& calendar,
                                     int last_year, uint64_t seed) {
  const auto days = calendar.Sessions(MakeDate(kFirstGeneratedYear, 1, 1), MakeDate(last_year, 12, 31));
  SplitMix random(StableHash(symbol, seed));
  int64_t close = 500 + random.Below(250'000);
  const int64_t base_volume = 50'000 + random.Below(20'000'000);
  const int64_t drift = random.Below(700) - 200;
  const int64_t volatility = 4'000 + random.Below(9'000);
  const bool pays = random.Below(3) != 0;
  const int64_t pays_at = random.Below(kDividendEvery);
  const int64_t split_at = random.Below(4) == 0 ? 250 + random.Below(4'000) : -1;
  const int split_into = 2 + static_cast<int>(random.Below(4));

  GeneratedSeries series;
  std::string text;
  text.reserve(days.size() * 52);
  std::vector<size_t> ends;
  for (size_t i = 0; i < days.size(); ++i) {
    const int32_t day = DaysSinceEpoch(days[i]);
    const int64_t open = Move(close, random.Bell(volatility / 4));
    const int64_t next = Move(open, drift + random.Bell(volatility));
    const int64_t high = Move(std::max(open, next), random.Below(volatility));
    const int64_t low = Move(std::min(open, next), -random.Below(volatility));
    const int64_t volume = base_volume / 2 + random.Below(base_volume);
    text += FormatDate(days[i]);
    text += ',';
    for (const int64_t price : {open, high, low, next}) AppendPrice(price, &text);
    text += std::to_string(volume);
    ends.push_back(text.size());
    text += '\n';
    close = next;
    if (pays && static_cast<int64_t>(i) % kDividendEvery == pays_at) {
      const int64_t amount = std::max<int64_t>(1, close * (8 + random.Below(17)) / 1000);
      series.actions.push_back({day, false, fmt::format("{}.{:02}", amount / 100, amount % 100), 0, 0});
    }
    if (static_cast<int64_t>(i) == split_at) series.actions.push_back({day, true, "", split_into, 1});
  }
  const auto kept = std::make_shared<const std::string>(std::move(text));
  const auto rows = std::make_shared<std::vector<BarText::Row>>();
  rows->reserve(ends.size());
  size_t begin = 0;
  for (const size_t end : ends) {
    std::string_view rest;
    ASSIGN_OR_RETURN(const BarText::Row row, ReadBarRow(*kept, begin, end, &rest));
    rows->push_back(row);
    begin = end + 1;
  }
  series.bars = BarText(kept, rows, 0, rows->size());
  return series;
}

}  // namespace penstock::source
