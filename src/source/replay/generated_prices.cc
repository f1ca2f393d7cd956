#include "source/replay/generated_prices.h"

#include <algorithm>
#include <array>

#include "source/replay/generated_bars.h"

namespace penstock::source {
namespace {

constexpr int kOctaves = 12;          // the slowest swings over 2^11 sessions, eight years
constexpr int64_t kOne = 1 << 16;     // of the exponents
constexpr int64_t kMin = 100;         // a price never falls below 1.00
constexpr int64_t kMax = 10'000'000;  // nor rises above 100,000.00
constexpr int64_t kQuarter = 63;      // sessions
constexpr int64_t kSplitSessions = 5000;

constexpr uint64_t RootOf(uint64_t value) {  // the whole part of the square root
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << 31; bit != 0; bit >>= 1) {
    if ((root | bit) * (root | bit) <= value) root |= bit;
  }
  return root;
}

// 2^(1/2), 2^(1/4), … in 2.30 fixed point.
constexpr std::array<uint64_t, 16> Roots() {
  std::array<uint64_t, 16> roots{};
  uint64_t value = uint64_t{2} << 30;
  for (uint64_t& root : roots) root = value = RootOf(value << 30);
  return roots;
}
constexpr std::array<uint64_t, 16> kRoots = Roots();

// price * 2^(exponent / 65536).
int64_t Scaled(int64_t price, int64_t exponent) {
  const int64_t whole = exponent >> 16;
  const int64_t part = exponent & (kOne - 1);
  uint64_t factor = uint64_t{1} << 30;
  for (size_t i = 0; i < kRoots.size(); ++i) {
    if ((part >> (15 - i)) & 1) factor = factor * kRoots[i] >> 30;
  }
  const int64_t scaled = static_cast<int64_t>(static_cast<uint64_t>(price) * factor >> 30);
  return whole >= 0 ? scaled << std::min<int64_t>(whole, 16) : scaled >> std::min<int64_t>(-whole, 40);
}

// In [-65536, 65536), about even.
int64_t Noise(uint64_t word) { return static_cast<int64_t>(MixWord(word) >> 47) - kOne; }

// Square roots of 2^octave, in sixteenths: how a random walk spreads.
constexpr std::array<int64_t, kOctaves> kSpread = {16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724};

}  // namespace

uint64_t MixWord(uint64_t word) {
  uint64_t z = word + 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

PriceModel::PriceModel(std::string_view symbol, uint64_t seed) : key_(StableHash(symbol, seed)) {
  uint64_t word = key_;
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>((word = MixWord(word)) % bound); };
  base_ = 1'500 + below(20'000);
  volume_ = 50'000 + below(8'000'000);
  volatility_ = 400 + below(800);  // 0.4 to 1.3 percent a day
  if (below(12) == 0) {
    split_at_ = below(kSplitSessions);
    ratio_ = 2 + below(4);
  }
  if (below(3) != 0) dividend_ = 20 + below(100);
  dividend_at_ = below(kQuarter);
}

std::optional<int64_t> PriceModel::split_session() const {
  return split_at_ < 0 ? std::nullopt : std::optional<int64_t>(split_at_);
}

int64_t PriceModel::Level(int64_t at) const {
  int64_t exponent = at * 12;  // about 3 percent a year
  for (int octave = 0; octave < kOctaves; ++octave) {
    const int64_t cell = at >> octave, within = at & ((int64_t{1} << octave) - 1);
    const uint64_t word = key_ + (static_cast<uint64_t>(octave) << 56) + static_cast<uint64_t>(cell);
    const int64_t left = Noise(word);
    const int64_t swing = within == 0 ? left : left + (((Noise(word + 1) - left) * within) >> octave);
    exponent += swing * volatility_ * kSpread[static_cast<size_t>(octave)] >> 20;
  }
  return std::clamp(Scaled(base_, exponent), kMin, kMax);
}

GeneratedBar PriceModel::At(int64_t at, int64_t as_of) const {
  const int64_t before = Level(at - 1);
  GeneratedBar bar;
  bar.close = Level(at);
  uint64_t word = MixWord(key_ + 0x5eed + static_cast<uint64_t>(at));
  const auto below = [&](int64_t bound) {
    word = MixWord(word);
    return static_cast<int64_t>(word % static_cast<uint64_t>(bound));
  };
  const int64_t reach = volatility_ * 10;  // millionths
  bar.open = std::clamp(before + before * (below(reach) - reach / 2) / 1'000'000, kMin, kMax);
  bar.high = std::max(bar.open, bar.close) * (1'000'000 + below(reach)) / 1'000'000;
  bar.low = std::max(kMin, std::min(bar.open, bar.close) * (1'000'000 - below(reach)) / 1'000'000);
  bar.volume = volume_ / 2 + below(volume_);
  if (at < split_at_ && as_of < split_at_) {  // nobody knows of it yet
    for (int64_t* price : {&bar.open, &bar.high, &bar.low, &bar.close}) *price *= ratio_;
    bar.volume /= ratio_;
  }
  return bar;
}

int64_t PriceModel::WithoutDividends(int64_t hundredths, int64_t at, int64_t as_of) const {
  // Sessions of a payment in (at, as_of].
  const auto paid = [&](int64_t session) { return (session - dividend_at_ + kQuarter) / kQuarter; };
  for (int64_t i = dividend_ == 0 ? 0 : paid(as_of) - paid(at); i > 0; --i) {
    hundredths = hundredths * (10'000 - dividend_) / 10'000;
  }
  return hundredths;
}

}  // namespace penstock::source
