#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/markup.h"
#include "workflow/graph.h"

namespace penstock::workflow {
namespace {

constexpr GraphMetrics kMetrics{8, 18, 16, 9, 28, 12, 14, 24, 18, 10, 14};
constexpr int kMargin = 20;

// A value that is understood without variables stands before each that has one.
constexpr std::string_view kStyle = R"css(
  svg { --paper:#ffffff; --ink:#1b2733; --soft:#5c6b7a; --line:#8695a4; --box:#f7f9fb; --inner:#eef2f6;
    --green:#1a7f4b; --greenbox:#e6f5ec; --red:#b3261e; --redbox:#fdeceb; --amber:#9a5b00; --amberbox:#fdf3e1;
    --blue:#0b63b8; --bluebox:#e6f0fb; --violet:#6b3fa0; --violetbox:#f1ebf9; }
  @media (prefers-color-scheme: dark) { svg { --paper:#12181f; --ink:#e8edf2; --soft:#9fb0c0; --line:#6d7f90;
    --box:#1c252e; --inner:#182029; --green:#5fd39a; --greenbox:#15301f; --red:#ff8a80; --redbox:#3a1a18;
    --amber:#ffc46b; --amberbox:#382810; --blue:#7db8ff; --bluebox:#12283f; --violet:#c9a6ff; --violetbox:#2a1d3d; } }
  .paper { fill:#ffffff; fill:var(--paper); }
  text { font:13px system-ui, "DejaVu Sans", sans-serif; text-anchor:middle; fill:#1b2733; fill:var(--ink); }
  .name { font-weight:600; } .detail { font-size:11px; fill:#5c6b7a; fill:var(--soft); }
  .label { font-size:10.5px; text-anchor:start; fill:#5c6b7a; fill:var(--soft); }
  .box { fill:#f7f9fb; fill:var(--box); stroke:#8695a4; stroke:var(--line); stroke-width:1.2; }
  .around { fill:#eef2f6; fill:var(--inner); }
  .edge { fill:none; stroke:#8695a4; stroke:var(--line); stroke-width:1.4; } .caught { stroke-dasharray:4 3; }
  .tip { fill:#8695a4; fill:var(--line); }
  .succeeded { fill:#e6f5ec; fill:var(--greenbox); stroke:#1a7f4b; stroke:var(--green); }
  .failed { fill:#fdeceb; fill:var(--redbox); stroke:#b3261e; stroke:var(--red); }
  .caught-state { fill:#fdf3e1; fill:var(--amberbox); stroke:#9a5b00; stroke:var(--amber); }
  .running { fill:#e6f0fb; fill:var(--bluebox); stroke:#0b63b8; stroke:var(--blue); stroke-width:2; }
  .aborted { fill:#f1ebf9; fill:var(--violetbox); stroke:#6b3fa0; stroke:var(--violet); }
)css";

std::string_view ClassOf(StateStatus status) {
  switch (status) {
    case StateStatus::kNotEntered: return "";
    case StateStatus::kSucceeded: return " succeeded";
    case StateStatus::kCaught: return " caught-state";
    case StateStatus::kRunning: return " running";
    case StateStatus::kAborted: return " aborted";
    case StateStatus::kFailed: return " failed";
  }
  return "";
}

// Corners of at most 6 units.
std::string PathOf(const std::vector<GraphPoint>& points) {
  std::string out = fmt::format("M{} {}", points[0].x, points[0].y);
  for (size_t i = 1; i < points.size(); ++i) {
    const GraphPoint at = points[i];
    if (i + 1 == points.size()) {
      out += fmt::format("L{} {}", at.x, at.y);
      break;
    }
    const auto toward = [&](GraphPoint other) {
      const int dx = other.x - at.x, dy = other.y - at.y;
      const int length = std::abs(dx) + std::abs(dy), step = std::min(6, length / 2);
      return length == 0 ? at : GraphPoint{at.x + dx * step / length, at.y + dy * step / length};
    };
    const GraphPoint in = toward(points[i - 1]), out_of = toward(points[i + 1]);
    out += fmt::format("L{} {}Q{} {} {} {}", in.x, in.y, at.x, at.y, out_of.x, out_of.y);
  }
  return out;
}

class Drawing {
 public:
  void Block(const GraphBlock& block) {
    for (const auto& edge : block.edges) Edge(block, edge);
    for (const auto& node : block.nodes) Node(node);
    for (const auto& edge : block.edges) Label(edge);
  }
  std::string text;

 private:
  void Edge(const GraphBlock& block, const GraphEdge& edge) {
    const auto& to = block.nodes[static_cast<size_t>(edge.to)];
    std::vector<GraphPoint> points = edge.points;
    const bool bend = to.kind == GraphNode::Kind::kBend;
    if (bend) points.push_back({points.back().x, points.back().y + to.box.height});
    const GraphPoint tip = points.back();
    if (!bend) edge.back ? points.back().x += 6 : points.back().y -= 6;
    text += fmt::format("<path class=\"edge{}\" d=\"{}\"/>\n", edge.caught ? " caught" : "", PathOf(points));
    if (bend) return;
    text += edge.back ? fmt::format("<path class=\"tip\" d=\"M{} {}l8 -4.5v9z\"/>\n", tip.x, tip.y)
                      : fmt::format("<path class=\"tip\" d=\"M{} {}l-4.5 -8h9z\"/>\n", tip.x, tip.y);
  }

  void Label(const GraphEdge& edge) {
    if (edge.label.empty() || edge.back) return;
    const GraphPoint end = edge.points.back();
    // Lines that join are labelled once.
    if (!labels_.insert(fmt::format("{} {} {}", end.x, end.y, edge.label)).second) return;
    text += fmt::format("<text class=\"label\" x=\"{}\" y=\"{}\">{}</text>\n", end.x + 7, end.y - 8,
                        EscapeMarkup(edge.label));
  }

  void Node(const GraphNode& node) {
    if (node.kind == GraphNode::Kind::kBend) return;
    const bool state = node.kind == GraphNode::Kind::kState;
    std::string title = node.lines.front();
    for (size_t i = 1; i < node.lines.size(); ++i) title += ", " + node.lines[i];
    text += fmt::format(
        "<g>\n<title>{}</title>\n<rect class=\"box{}{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
        "rx=\"{}\"/>\n",
        EscapeMarkup(title), node.inner.empty() ? "" : " around",
        node.inner.empty() || node.progress.status != StateStatus::kSucceeded ? ClassOf(node.progress.status)
                                                                              : "",
        node.box.x, node.box.y, node.box.width, node.box.height, state ? 6 : node.box.height / 2);
    for (size_t i = 0; i < node.lines.size(); ++i) {
      text += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", i == 0 ? "name" : "detail",
                          node.box.x + node.box.width / 2,
                          node.box.y + kMetrics.border_y + kMetrics.line * static_cast<int>(i) + 13,
                          EscapeMarkup(node.lines[i]));
    }
    for (const auto& inner : node.inner) Block(inner);
    text += "</g>\n";
  }

  std::set<std::string> labels_;
};

}  // namespace

std::string GraphAsSvg(GraphBlock graph, std::string_view title) {
  LayOut(kMetrics, graph);
  Drawing drawing;
  drawing.Block(graph);
  const int width = graph.width + 2 * kMargin, height = graph.height + 2 * kMargin;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"graph-title\" width=\"{0}\" "
      "height=\"{1}\" viewBox=\"{2} {2} {0} {1}\">\n<title "
      "id=\"graph-title\">{3}</title>\n<style>{4}</style>\n"
      "<rect class=\"paper\" x=\"{2}\" y=\"{2}\" width=\"{0}\" height=\"{1}\"/>\n{5}</svg>\n",
      width, height, -kMargin, EscapeMarkup(title), kStyle, drawing.text);
}

}  // namespace penstock::workflow
