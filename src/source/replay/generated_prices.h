// Made-up daily prices at random access: any bar of any symbol without the bars before it, so that one day of
// a whole market costs one day. The same on every machine (whole numbers throughout).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::source {

// In hundredths, and shares.
struct GeneratedBar {
  int64_t open = 0, high = 0, low = 0, close = 0;
  int64_t volume = 0;
};

// Sessions are counted from the first of kFirstGeneratedYear (generated_bars.h).
class PriceModel {
 public:
  PriceModel(std::string_view symbol, uint64_t seed);

  // The bar of session `at` as it reads on session `as_of` ≥ at: a split between the two has changed it,
  // prices before it divided and volumes multiplied.
  GeneratedBar At(int64_t at, int64_t as_of) const;
  // `hundredths` of session `at` without the dividends paid behind it up to `as_of`.
  int64_t WithoutDividends(int64_t hundredths, int64_t at, int64_t as_of) const;

  // Of one symbol in twelve.
  std::optional<int64_t> split_session() const;
  int64_t split_ratio() const { return ratio_; }  // 2 to 5 new for one
  uint64_t key() const { return key_; }           // for other decisions about the symbol

 private:
  int64_t Level(int64_t at) const;  // the close, splits undone

  uint64_t key_;
  int64_t base_, volume_, volatility_;
  int64_t split_at_ = -1, ratio_ = 1;
  int64_t dividend_ = 0, dividend_at_ = 0;  // hundredths of a percent a quarter; the session of the quarter
};

// SplitMix64's mixing of a word: a number that looks random, the same for the same word.
uint64_t MixWord(uint64_t word);

}  // namespace penstock::source
