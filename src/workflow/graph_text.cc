#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "workflow/graph.h"

namespace penstock::workflow {
namespace {

enum Side : unsigned { kUp = 1, kRight = 2, kDown = 4, kLeft = 8 };

// By the sides that a line leaves a cell on.
constexpr std::array<std::string_view, 16> kLines{" ", "│", "─", "└", "│", "│", "┌", "├",
                                                  "─", "┘", "─", "┴", "┐", "┤", "┬", "┼"};
constexpr std::string_view kDashedUpright = "┊", kDashedLevel = "┈";

struct Cell {
  unsigned sides = 0;
  bool dashed = true;  // only if all lines through it are
  bool rounded = false;
  std::string_view text;  // one character, in the place of a line
  StateStatus status = StateStatus::kNotEntered;
  bool of_state = false;
};

class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width), height_(height), cells_(static_cast<size_t>(width) * static_cast<size_t>(height)) {}

  Cell* At(int x, int y) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return nullptr;
    return &cells_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
  }

  void Side(int x, int y, unsigned sides, bool dashed) {
    if (Cell* cell = At(x, y)) cell->sides |= sides, cell->dashed = cell->dashed && dashed;
  }

  // Both ends included.
  void Line(GraphPoint a, GraphPoint b, bool dashed) {
    if (a.x == b.x) {
      for (int y = std::min(a.y, b.y); y < std::max(a.y, b.y); ++y)
        Side(a.x, y, kDown, dashed), Side(a.x, y + 1, kUp, dashed);
    } else {
      for (int x = std::min(a.x, b.x); x < std::max(a.x, b.x); ++x)
        Side(x, a.y, kRight, dashed), Side(x + 1, a.y, kLeft, dashed);
    }
  }

  void Text(int x, int y, const std::string& text) {
    // The canvas keeps views: the text belongs to the graph, which lives as long.
    for (size_t i = 0; i < text.size(); ++x) {
      const size_t length = std::max<size_t>(1, Utf8Length(std::string_view(text).substr(i)));
      if (Cell* cell = At(x, y)) cell->text = std::string_view(text).substr(i, length);
      i += length;
    }
  }

  // Whether nothing is drawn there yet.
  bool Free(int x, int y, size_t length) {
    for (size_t i = 0; i < length; ++i) {
      const Cell* cell = At(x + static_cast<int>(i), y);
      if (cell == nullptr || cell->sides != 0 || !cell->text.empty() || cell->of_state) return false;
    }
    return true;
  }

  std::string Draw(bool color) const {
    std::string out;
    for (int y = 0; y < height_; ++y) {
      std::string line;
      std::string_view style;
      for (int x = 0; x < width_; ++x) {
        const Cell& cell =
            cells_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
        const std::string_view wanted = color ? StyleOf(cell) : std::string_view();
        if (wanted != style) {
          if (!style.empty()) line += "\033[0m";
          line += wanted;
          style = wanted;
        }
        line += GlyphOf(cell);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      if (!style.empty()) line += "\033[0m";
      out += line + "\n";
    }
    return out;
  }

 private:
  static std::string_view StyleOf(const Cell& cell) {
    if (!cell.of_state) return "";
    switch (cell.status) {
      case StateStatus::kNotEntered: return "";
      case StateStatus::kSucceeded: return "\033[32m";
      case StateStatus::kCaught: return "\033[33m";
      case StateStatus::kRunning: return "\033[36m";
      case StateStatus::kAborted: return "\033[35m";
      case StateStatus::kFailed: return "\033[31m";
    }
    return "";
  }

  static std::string_view GlyphOf(const Cell& cell) {
    if (!cell.text.empty()) return cell.text;
    if (cell.rounded) {
      switch (cell.sides) {
        case kRight | kDown: return "╭";
        case kLeft | kDown: return "╮";
        case kRight | kUp: return "╰";
        case kLeft | kUp: return "╯";
        default: break;
      }
    }
    if (cell.dashed && cell.sides == (kUp | kDown)) return kDashedUpright;
    if (cell.dashed && cell.sides == (kLeft | kRight)) return kDashedLevel;
    return kLines[cell.sides];
  }

  const int width_, height_;
  std::vector<Cell> cells_;
};

void DrawBox(const GraphNode& node, Canvas& canvas) {
  const GraphBox& box = node.box;
  const int right = box.x + box.width - 1, bottom = box.y + box.height - 1;
  for (int y = box.y; y <= bottom; ++y) {
    for (int x = box.x; x <= right; ++x) {
      if (Cell* cell = canvas.At(x, y))
        *cell = Cell{0, true, node.kind != GraphNode::Kind::kState, "", node.progress.status, true};
    }
  }
  canvas.Line({box.x, box.y}, {right, box.y}, false);
  canvas.Line({box.x, bottom}, {right, bottom}, false);
  canvas.Line({box.x, box.y}, {box.x, bottom}, false);
  canvas.Line({right, box.y}, {right, bottom}, false);
  for (size_t i = 0; i < node.lines.size(); ++i) {
    const int length = static_cast<int>(CountCharacters(node.lines[i]));
    canvas.Text(box.x + (box.width - length) / 2, box.y + 1 + static_cast<int>(i), node.lines[i]);
  }
}

void DrawBack(const GraphEdge& edge, Canvas& canvas) {
  canvas.Side(edge.points[0].x - 1, edge.points[0].y, kRight, false);
  canvas.Side(edge.points[0].x, edge.points[0].y, kLeft, edge.caught);
  for (size_t i = 1; i < edge.points.size(); ++i)
    canvas.Line(edge.points[i - 1], edge.points[i], edge.caught);
}

void DrawDown(const GraphBlock& block, const GraphEdge& edge, Canvas& canvas) {
  const GraphPoint first = edge.points.front(), last = edge.points.back();
  const bool from_bend = block.nodes[static_cast<size_t>(edge.from)].kind == GraphNode::Kind::kBend;
  const bool to_bend = block.nodes[static_cast<size_t>(edge.to)].kind == GraphNode::Kind::kBend;
  // The row above the line is the box's edge, or the bend.
  canvas.Side(first.x, first.y - 1, kDown, from_bend && edge.caught);
  canvas.Side(first.x, first.y, kUp, edge.caught);
  for (size_t i = 1; i < edge.points.size(); ++i) {
    GraphPoint to = edge.points[i];
    if (i + 1 == edge.points.size() && !to_bend) to.y -= 1;
    canvas.Line(edge.points[i - 1], to, edge.caught);
  }
  if (to_bend) {
    const GraphBox& bend = block.nodes[static_cast<size_t>(edge.to)].box;
    canvas.Line({last.x, last.y}, {last.x, last.y + bend.height - 1}, edge.caught);
    return;
  }
  if (Cell* cell = canvas.At(last.x, last.y - 1)) cell->text = "▼";
}

void DrawBlock(const GraphBlock& block, Canvas& canvas) {
  for (const auto& edge : block.edges) {
    if (edge.back) DrawBack(edge, canvas);
  }
  for (const auto& node : block.nodes) {
    if (node.kind == GraphNode::Kind::kBend) continue;
    DrawBox(node, canvas);
    for (const auto& inner : node.inner) DrawBlock(inner, canvas);
  }
  for (const auto& edge : block.edges) {
    if (!edge.back) {
      DrawDown(block, edge, canvas);
      continue;
    }
    canvas.Side(edge.points.front().x - 1, edge.points.front().y, kRight, false);
    if (Cell* cell = canvas.At(edge.points.back().x, edge.points.back().y)) cell->text = "◀";
  }
  for (const auto& edge : block.edges) {
    if (edge.label.empty() || edge.back) continue;
    const GraphPoint end = edge.points.back();
    const std::string& label = edge.label;
    if (canvas.Free(end.x + 1, end.y - 1, CountCharacters(label) + 2))
      canvas.Text(end.x + 2, end.y - 1, label);
  }
}

}  // namespace

std::string GraphAsText(GraphBlock graph, bool color) {
  LayOut(GraphMetrics(), graph);
  Canvas canvas(graph.width, graph.height);
  DrawBlock(graph, canvas);
  return canvas.Draw(color);
}

}  // namespace penstock::workflow
