#include "source/replay/generated_minutes.h"

#include <algorithm>

namespace penstock::source {
namespace {

constexpr int kOctaves = 8;     // the slowest swings over 2^7 minutes
constexpr int kSilentOne = 97;  // of so many minutes is without trades

// Square roots of 2^octave, in sixteenths: how a random walk spreads.
constexpr int64_t kSpread[kOctaves] = {16, 23, 32, 45, 64, 91, 128, 181};

// In [-65536, 65536), about even.
int64_t Noise(uint64_t word) { return static_cast<int64_t>(MixWord(word) >> 47) - (1 << 16); }

// How far the price strays from its way at minute `at`, in 65536ths of `reach`.
int64_t Swing(uint64_t key, int64_t at, int64_t reach) {
  int64_t swing = 0;
  for (int octave = 0; octave < kOctaves; ++octave) {
    const int64_t cell = at >> octave, within = at & ((int64_t{1} << octave) - 1);
    const uint64_t word = key + (static_cast<uint64_t>(octave) << 56) + static_cast<uint64_t>(cell);
    const int64_t left = Noise(word);
    const int64_t noise = left + (((Noise(word + 1) - left) * within) >> octave);
    swing += noise * kSpread[octave] / 600;
  }
  return swing * reach / (1 << 16);
}

// A price that strays beyond its bounds turns back at them, as often as it has to.
int64_t Folded(int64_t price, int64_t low, int64_t high) {
  const int64_t range = high - low;
  if (range <= 0) return low;
  const int64_t off = ((price - low) % (2 * range) + 2 * range) % (2 * range);
  return low + (off <= range ? off : 2 * range - off);
}

}  // namespace

std::vector<std::optional<GeneratedBar>> GenerateMinutes(std::string_view symbol, Date day, int count,
                                                         uint64_t seed) {
  if (count <= 0) return {};
  const PriceModel model(symbol, seed);
  const int64_t number = (day - MakeDate(2010, 1, 1)).count();
  const GeneratedBar whole = model.At(number, number);
  const uint64_t key = MixWord(model.key() + static_cast<uint64_t>(number) * 1000);
  const int64_t reach = std::max<int64_t>(whole.high - whole.low, 4);

  // The price between the minutes: from the day's open to its close, straying within its range.
  const int64_t last = count;
  std::vector<int64_t> way(static_cast<size_t>(count) + 1);
  for (int64_t at = 0; at <= last; ++at) {
    const int64_t straight = whole.open + (whole.close - whole.open) * at / last;
    const int64_t pinned =
        (Swing(key, 0, reach) * (last - at) + Swing(key, last, reach) * at) / last;  // ends where it should
    way[static_cast<size_t>(at)] = Folded(straight + Swing(key, at, reach) - pinned, whole.low, whole.high);
  }

  std::vector<std::optional<GeneratedBar>> minutes(static_cast<size_t>(count));
  size_t highest = 0, lowest = 0;
  for (size_t i = 0; i < minutes.size(); ++i) {
    uint64_t word = MixWord(key + 0x51deull + i);
    const auto below = [&](int64_t bound) {
      word = MixWord(word);
      return static_cast<int64_t>(word % static_cast<uint64_t>(bound));
    };
    const bool silent = below(kSilentOne) == 0 && i != 0 && i + 1 != minutes.size();
    GeneratedBar bar;
    bar.open = way[i];
    bar.close = way[i + 1];
    bar.high = std::min(whole.high, std::max(bar.open, bar.close) + below(reach / 20 + 2));
    bar.low = std::max(whole.low, std::min(bar.open, bar.close) - below(reach / 20 + 2));
    bar.volume = whole.volume / count / 2 + below(whole.volume / count + 1);
    if (silent) continue;
    minutes[i] = bar;
    if (bar.high > minutes[highest]->high) highest = i;
    if (bar.low < minutes[lowest]->low) lowest = i;
  }
  minutes[highest]->high = whole.high;
  minutes[lowest]->low = whole.low;
  return minutes;
}

}  // namespace penstock::source
