#include "serve/chart_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/markup.h"

namespace penstock::serve {
namespace {

constexpr double kWidth = 720;
constexpr double kLabelWidth = 220;
constexpr double kValueWidth = 90;
constexpr double kRow = 24;
constexpr double kLineHeight = 260;
constexpr double kAxisWidth = 64;
constexpr size_t kLetters = 30;       // of a label beside a bar
constexpr size_t kShortLetters = 12;  // of one below a point
constexpr size_t kMostLabels = 10;    // below a line

// A number for a person: 1,234,567 · 12.5 · 0.0031.
std::string Shown(double value) {
  const double size = std::abs(value);
  if (size != 0 && (size >= 1e15 || size < 1e-4)) return fmt::format("{:.3g}", value);
  std::string text = fmt::format("{:.{}f}", value, size >= 1000 ? 0 : size >= 1 ? 2 : 4);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  const size_t first = text.front() == '-' ? 1 : 0;
  const size_t whole = std::min(text.find('.'), text.size());
  for (size_t at = whole; at > first + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

// At most `most` code points, the last one an ellipsis where the text is cut.
std::string Cut(std::string_view text, size_t most) {
  size_t points = 0, at = 0, end = text.size();
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (++points == most) end = at;
    if (points > most) return std::string(text.substr(0, end)) + "…";
  }
  return std::string(text);
}

struct Range {
  double low = 0, high = 0;
};
// Of the values and nought; nothing when there are none.
std::optional<Range> RangeOf(const std::vector<ChartPoint>& points, bool with_nought) {
  std::optional<Range> range;
  if (with_nought) range = Range{};
  bool any = false;
  for (const auto& point : points) {
    if (!point.value || !std::isfinite(*point.value)) continue;
    any = true;
    if (!range) range = Range{*point.value, *point.value};
    range->low = std::min(range->low, *point.value);
    range->high = std::max(range->high, *point.value);
  }
  return any ? range : std::nullopt;
}

std::string Title(const ChartPoint& point, std::string_view value_name) {
  return fmt::format("<title>{}: {} {}</title>", EscapeMarkup(point.label),
                     point.value ? Shown(*point.value) : "no value", EscapeMarkup(value_name));
}

std::string Open(double height, std::string_view value_name) {
  return fmt::format(
      "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {:g} {:g}\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      EscapeMarkup(value_name), kWidth, height);
}

std::string Bars(const std::vector<ChartPoint>& points, const Range& range, std::string_view value_name) {
  const double room = kWidth - kLabelWidth - kValueWidth;
  const double span = range.high > range.low ? range.high - range.low : 1;
  const double nought = kLabelWidth + room * (0 - range.low) / span;
  std::string out = Open(kRow * static_cast<double>(points.size()), value_name);
  double y = 0;
  for (const auto& point : points) {
    out += fmt::format("<g>{}<text class=\"label\" x=\"{:g}\" y=\"{:g}\">{}</text>", Title(point, value_name),
                       kLabelWidth - 8, y + kRow / 2, EscapeMarkup(Cut(point.label, kLetters)));
    if (point.value && std::isfinite(*point.value)) {
      const double end = kLabelWidth + room * (*point.value - range.low) / span;
      out += fmt::format(
          "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:g}\" width=\"{:.1f}\" height=\"{:g}\" rx=\"2\"/>",
          std::min(nought, end), y + 4, std::max(1.0, std::abs(end - nought)), kRow - 8);
      out += fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"{:g}\">{}</text>", std::max(nought, end) + 6,
                         y + kRow / 2, Shown(*point.value));
    }
    out += "</g>\n";
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string Line(const std::vector<ChartPoint>& points, const Range& range, std::string_view value_name) {
  const auto marks = AxisMarks(range.low, range.high, 5);
  const double low = marks.front(), high = marks.back();
  const double bottom = kLineHeight - 28, top = 12, right = kWidth - 16;
  const auto place_y = [&](double value) { return bottom - (bottom - top) * (value - low) / (high - low); };
  const auto place_x = [&](size_t index) {
    if (points.size() == 1) return (kAxisWidth + right) / 2;
    return kAxisWidth +
           (right - kAxisWidth) * static_cast<double>(index) / static_cast<double>(points.size() - 1);
  };
  std::string out = Open(kLineHeight, value_name);
  for (const double mark : marks) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:g}\" x2=\"{:g}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"label\" x=\"{:g}\" y=\"{:.1f}\">{}</text>\n",
        kAxisWidth, right, place_y(mark), place_y(mark), kAxisWidth - 8, place_y(mark), Shown(mark));
  }
  std::string path;
  bool drawing = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto& value = points[i].value;
    if (!value || !std::isfinite(*value)) {
      drawing = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f} ", drawing ? "L" : "M", place_x(i), place_y(*value));
    drawing = true;
  }
  out += fmt::format("<path class=\"line\" d=\"{}\"/>\n", path);
  const size_t every = (points.size() + kMostLabels - 1) / kMostLabels;
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].value && std::isfinite(*points[i].value)) {
      out += fmt::format("<circle class=\"point\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\">{}</circle>\n",
                         place_x(i), place_y(*points[i].value), Title(points[i], value_name));
    }
    if (i % every == 0) {
      out += fmt::format("<text class=\"below\" x=\"{:.1f}\" y=\"{:g}\">{}</text>\n", place_x(i),
                         kLineHeight - 10, EscapeMarkup(Cut(points[i].label, kShortLetters)));
    }
  }
  return out + "</svg>\n";
}

}  // namespace

const std::string_view kChartStyle = R"css(
  .chart { display:block; width:100%; height:auto; max-width:720px; }
  .chart text { font:12px system-ui, "DejaVu Sans", sans-serif; fill:var(--ink); dominant-baseline:central; }
  .chart .label { text-anchor:end; fill:var(--soft); } .chart .below { text-anchor:middle; fill:var(--soft); }
  .chart .bar { fill:var(--blue); } .chart .line { fill:none; stroke:var(--blue); stroke-width:2; }
  .chart .point { fill:var(--blue); } .chart .grid { stroke:var(--rule); stroke-width:1; }
)css";

std::vector<double> AxisMarks(double low, double high, int most) {
  if (!(high > low)) {
    const double around = low == 0 ? 1 : std::abs(low) / 2;
    low -= around;
    high += around;
  }
  const double rough = (high - low) / most;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double times : {1.0, 2.0, 5.0}) {
    if (power * times >= rough) {
      step = power * times;
      break;
    }
  }
  std::vector<double> marks;
  const double first = std::floor(low / step);
  for (double n = first; marks.empty() || marks.back() < high; ++n) marks.push_back(n * step);
  return marks;
}

std::string RenderChart(query::ChartSpec::Kind kind, const std::vector<ChartPoint>& points,
                        std::string_view value_name) {
  const bool bars = kind == query::ChartSpec::Kind::kBar;
  const auto range = RangeOf(points, bars);
  if (!range) return "";
  return bars ? Bars(points, *range, value_name) : Line(points, *range, value_name);
}

}  // namespace penstock::serve
