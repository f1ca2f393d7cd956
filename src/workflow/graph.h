// A state machine as boxes and lines: layered from the first state downwards, item processors and branches as
// boxes within their state. Deterministic: the same definition is always drawn the same way.
// Layers by the longest path without the edges that lead back, order within a layer by the barycentre of the
// neighbours, places by least squares (K. Sugiyama et al., "Methods for visual understanding of hierarchical
// system structures", 1981).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/definition.h"
#include "workflow/execution_store.h"

namespace penstock::workflow {

// Of a state in an execution, over all of its visits. The worst that is true.
enum class StateStatus { kNotEntered, kSucceeded, kCaught, kRunning, kAborted, kFailed };
std::string_view NameOf(StateStatus status);  // "not entered", …

struct StateProgress {
  StateStatus status = StateStatus::kNotEntered;
  int64_t visits = 0;
  int64_t retries = 0;
  int64_t items = 0, items_done = 0, items_failed = 0;  // of a Map
};

struct GraphPoint {
  int x = 0, y = 0;
};
struct GraphBox {
  int x = 0, y = 0, width = 0, height = 0;
};

struct GraphBlock;

// Boxes and points are in the units of GraphMetrics, from the upper left corner of the whole graph.
struct GraphNode {
  enum class Kind { kState, kStart, kEnd, kBend };  // kBend: where a line passes a layer
  Kind kind = Kind::kState;
  std::string key;                 // of a state: the tokens of the states around it and its own, "/Map/Fetch"
  std::string pointer;             // of a state: where it stands in the definition
  std::string type;                // of a state
  std::vector<std::string> lines;  // the name, and what else is written in its box
  StateProgress progress;
  std::vector<GraphBlock> inner;  // of a Map or Parallel
  int layer = 0;
  GraphBox box;
};

struct GraphEdge {
  int from = 0, to = 0;            // positions in GraphBlock::nodes
  bool caught = false;             // taken on an error
  bool back = false;               // leads to an earlier layer: drawn at the side
  std::string label;               // "default", "2 errors", …; may be empty
  std::vector<GraphPoint> points;  // horizontal and vertical lines, from `from` to `to`
};

// The states of one machine.
struct GraphBlock {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;  // after LayOut also those between bends
  int width = 0, height = 0;
};

// How large things are drawn.
struct GraphMetrics {
  int character = 1;               // width
  int line = 1;                    // height of a line of text in a box
  int border_x = 2, border_y = 1;  // between the box's edge and its text
  int gap_x = 3;                   // between boxes of a layer
  int lane = 1;                    // between parallel lines of a channel
  int above = 1, below = 2;        // of a channel: before its first lane, and behind its last
  int inset_x = 2, inset_y = 1;    // around the blocks within a box
  int side_lane = 2;               // between lines that lead back
};

// The shape of a definition; nothing is laid out.
GraphBlock GraphOf(const Machine& machine);
// Fills in the progress of every state from the events of an execution and of its children, in any order
// between executions. `status` is that of the execution.
void ShowProgress(const std::vector<HistoryEvent>& events, ExecutionStatus status, GraphBlock& graph);
// Fills in boxes, points and sizes.
void LayOut(const GraphMetrics& metrics, GraphBlock& graph);

// Box-drawing characters, a line a row. With `color`, ANSI colours by status; they do not count as width.
std::string GraphAsText(GraphBlock graph, bool color);
// SVG without scripts: titles for screen readers, colours from CSS variables, light and dark.
std::string GraphAsSvg(GraphBlock graph, std::string_view title);

}  // namespace penstock::workflow
