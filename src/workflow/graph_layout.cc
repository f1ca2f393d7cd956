// Layers, order, places and lines: see graph.h.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/utf8.h"
#include "workflow/graph.h"

namespace penstock::workflow {
namespace {

using Ints = std::vector<int>;

// The positions nearest to `wish` (least squares) that keep `room[i]` between i and i + 1: pool adjacent
// violators.
Ints Place(const std::vector<double>& wish, const Ints& room) {
  struct Pool {
    double sum;
    int count;
  };
  std::vector<Pool> pools;
  int offset = 0;
  Ints offsets;
  for (size_t i = 0; i < wish.size(); ++i) {
    offsets.push_back(offset);
    pools.push_back({wish[i] - offset, 1});
    while (pools.size() > 1) {
      const Pool last = pools.back(), before = pools[pools.size() - 2];
      if (before.sum / before.count <= last.sum / last.count) break;
      pools.pop_back();
      pools.back() = {before.sum + last.sum, before.count + last.count};
    }
    if (i < room.size()) offset += room[i];
  }
  Ints out;
  for (const auto& pool : pools) {
    for (int i = 0; i < pool.count; ++i)
      out.push_back(static_cast<int>(std::lround(pool.sum / pool.count)) + offsets[out.size()]);
  }
  return out;
}

void Shift(GraphBlock& block, int dx, int dy) {
  for (auto& node : block.nodes) {
    node.box.x += dx, node.box.y += dy;
    for (auto& inner : node.inner) Shift(inner, dx, dy);
  }
  for (auto& edge : block.edges) {
    for (auto& point : edge.points) point.x += dx, point.y += dy;
  }
}

class BlockLayout {
 public:
  BlockLayout(const GraphMetrics& metrics, GraphBlock& block) : m_(metrics), block_(block) {}

  void Run() {
    for (auto& node : block_.nodes) Size(node);
    FindBackEdges();
    AssignLayers();
    InsertBends();
    Order();
    PlaceAcross();
    PlaceDown();
    RouteBack();
  }

 private:
  GraphNode& At(int i) { return block_.nodes[static_cast<size_t>(i)]; }
  int Centre(int i) { return At(i).box.x + At(i).box.width / 2; }

  void Size(GraphNode& node) {
    int text = 0;
    for (const auto& line : node.lines)
      text = std::max(text, static_cast<int>(CountCharacters(line)) * m_.character);
    node.box.width = text + 2 * m_.border_x;
    node.box.height = static_cast<int>(node.lines.size()) * m_.line + 2 * m_.border_y;
    if (!node.inner.empty()) {
      int width = m_.inset_x, height = 0;
      for (auto& inner : node.inner) {
        BlockLayout(m_, inner).Run();
        width += inner.width + m_.inset_x;
        height = std::max(height, inner.height);
      }
      const int spare = std::max(0, node.box.width - width);
      node.box.width += std::max(0, width - node.box.width);
      int x = m_.inset_x + spare / 2;
      for (auto& inner : node.inner) {
        Shift(inner, x, node.box.height - m_.border_y + m_.inset_y);
        x += inner.width + m_.inset_x;
      }
      node.box.height += height + 2 * m_.inset_y;
    }
    if (node.box.width % 2 == 0) ++node.box.width;  // so that it has a middle
  }

  // Those that close a circle on the way from the first state, without recursion.
  void FindBackEdges() {
    const size_t count = block_.nodes.size();
    std::vector<Ints> out(count);
    for (size_t e = 0; e < block_.edges.size(); ++e)
      out[static_cast<size_t>(block_.edges[e].from)].push_back(static_cast<int>(e));
    Ints state(count, 0), next(count, 0);  // 0 new, 1 on the way, 2 done
    Ints roots;
    for (size_t i = 0; i < count; ++i) {
      if (block_.nodes[i].kind == GraphNode::Kind::kStart) roots.insert(roots.begin(), static_cast<int>(i));
      roots.push_back(static_cast<int>(i));
    }
    for (const int root : roots) {
      Ints path;
      if (state[static_cast<size_t>(root)] == 0) path.push_back(root), state[static_cast<size_t>(root)] = 1;
      while (!path.empty()) {
        const auto at = static_cast<size_t>(path.back());
        if (next[at] == static_cast<int>(out[at].size())) {
          state[at] = 2;
          path.pop_back();
          continue;
        }
        GraphEdge& edge = block_.edges[static_cast<size_t>(out[at][static_cast<size_t>(next[at]++)])];
        const auto to = static_cast<size_t>(edge.to);
        if (state[to] == 1) edge.back = true;
        if (state[to] == 0) state[to] = 1, path.push_back(edge.to);
      }
    }
  }

  void AssignLayers() {
    const size_t count = block_.nodes.size();
    Ints open(count, 0);
    std::vector<Ints> out(count);
    for (const auto& edge : block_.edges) {
      if (edge.back) continue;
      ++open[static_cast<size_t>(edge.to)];
      out[static_cast<size_t>(edge.from)].push_back(edge.to);
    }
    Ints ready;
    for (size_t i = 0; i < count; ++i) {
      if (open[i] == 0) ready.push_back(static_cast<int>(i));
    }
    for (size_t r = 0; r < ready.size(); ++r) {
      const int at = ready[r];
      for (const int to : out[static_cast<size_t>(at)]) {
        At(to).layer = std::max(At(to).layer, At(at).layer + 1);
        if (--open[static_cast<size_t>(to)] == 0) ready.push_back(to);
      }
    }
  }

  // A line over several layers is one from bend to bend.
  void InsertBends() {
    std::vector<GraphEdge> edges;
    for (const auto& edge : block_.edges) {
      const int last = At(edge.to).layer;
      if (edge.back || last - At(edge.from).layer <= 1) {
        edges.push_back(edge);
        continue;
      }
      int from = edge.from;
      for (int layer = At(edge.from).layer + 1; layer <= last; ++layer) {
        int to = edge.to;
        if (layer < last) {
          to = static_cast<int>(block_.nodes.size());
          GraphNode& bend = block_.nodes.emplace_back();
          bend.kind = GraphNode::Kind::kBend;
          bend.layer = layer;
          bend.box.width = 1;
        }
        GraphEdge piece{from, to, edge.caught, false, layer == last ? edge.label : "", {}};
        edges.push_back(std::move(piece));
        from = to;
      }
    }
    block_.edges = std::move(edges);
    for (size_t i = 0; i < block_.nodes.size(); ++i) {
      const auto layer = static_cast<size_t>(block_.nodes[i].layer);
      if (layers_.size() <= layer) layers_.resize(layer + 1);
      layers_[layer].push_back(static_cast<int>(i));
    }
    above_.resize(block_.nodes.size());
    below_.resize(block_.nodes.size());
    leaving_.resize(block_.nodes.size());
    for (size_t e = 0; e < block_.edges.size(); ++e) {
      const auto& edge = block_.edges[e];
      if (edge.back) continue;
      leaving_[static_cast<size_t>(edge.from)].push_back(static_cast<int>(e));
      above_[static_cast<size_t>(edge.to)].push_back(edge.from);
      below_[static_cast<size_t>(edge.from)].push_back(edge.to);
    }
  }

  void Order() {
    std::vector<double> rank(block_.nodes.size(), 0);
    const auto number = [&](const Ints& layer) {
      for (size_t i = 0; i < layer.size(); ++i) rank[static_cast<size_t>(layer[i])] = static_cast<double>(i);
    };
    for (const auto& layer : layers_) number(layer);
    const auto sort = [&](Ints& layer, const std::vector<Ints>& neighbours) {
      std::vector<std::pair<double, int>> keys;
      for (const int i : layer) {
        const Ints& near = neighbours[static_cast<size_t>(i)];
        double sum = 0;
        for (const int j : near) sum += rank[static_cast<size_t>(j)];
        keys.emplace_back(
            near.empty() ? rank[static_cast<size_t>(i)] : sum / static_cast<double>(near.size()), i);
      }
      std::stable_sort(keys.begin(), keys.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      for (size_t i = 0; i < keys.size(); ++i) layer[i] = keys[i].second;
      number(layer);
    };
    for (int round = 0; round < 4; ++round) {
      for (size_t l = 1; l < layers_.size(); ++l) sort(layers_[l], above_);
      if (round == 3) break;
      for (size_t l = layers_.size(); l-- > 1;) sort(layers_[l - 1], below_);
    }
    for (auto& layer : layers_) ClearTheWayBack(layer);
  }

  // A line that leads back leaves on the right: no other state is to stand in its way.
  void ClearTheWayBack(Ints& layer) {
    std::vector<bool> at_side(block_.nodes.size(), false);
    for (const auto& edge : block_.edges) {
      if (edge.back) at_side[static_cast<size_t>(edge.from)] = at_side[static_cast<size_t>(edge.to)] = true;
    }
    auto last = layer.end();
    while (last != layer.begin() && At(*(last - 1)).kind == GraphNode::Kind::kBend) --last;
    std::stable_partition(layer.begin(), last, [&](int i) { return !at_side[static_cast<size_t>(i)]; });
  }

  void PlaceAcross() {
    const auto place = [&](const Ints& layer, const std::vector<Ints>* neighbours) {
      std::vector<double> wish;
      Ints room;
      for (size_t i = 0; i < layer.size(); ++i) {
        const int at = layer[i];
        double sum = Centre(at);
        size_t count = 1;
        if (neighbours != nullptr && !(*neighbours)[static_cast<size_t>(at)].empty()) {
          const Ints& near = (*neighbours)[static_cast<size_t>(at)];
          sum = 0, count = near.size();
          for (const int j : near) sum += Centre(j);
        }
        wish.push_back(sum / static_cast<double>(count));
        if (i + 1 < layer.size())
          room.push_back(At(at).box.width / 2 + At(layer[i + 1]).box.width / 2 + 1 + m_.gap_x);
      }
      const Ints centres = Place(wish, room);
      for (size_t i = 0; i < layer.size(); ++i) At(layer[i]).box.x = centres[i] - At(layer[i]).box.width / 2;
    };
    for (const auto& layer : layers_) place(layer, nullptr);
    for (int round = 0; round < 3; ++round) {
      for (size_t l = 1; l < layers_.size(); ++l) place(layers_[l], &above_);
      for (size_t l = layers_.size(); l-- > 1;) place(layers_[l - 1], &below_);
    }
    for (size_t l = 1; l < layers_.size(); ++l) place(layers_[l], &above_);
    if (block_.nodes.empty()) return;
    int left = block_.nodes.front().box.x;
    for (const auto& node : block_.nodes) left = std::min(left, node.box.x);
    for (auto& node : block_.nodes) {
      node.box.x -= left;
      block_.width = std::max(block_.width, node.box.x + node.box.width);
    }
  }

  // The lines between two layers: those of one state share a lane, those that would run into each other do
  // not.
  struct Trunk {
    int from = 0;
    int low = 0, high = 0;  // across
    int lane = -1;          // -1: straight down
    Ints edges;
  };

  std::vector<Trunk> TrunksBelow(size_t layer) {
    std::vector<Trunk> trunks;
    for (const int at : layers_[layer]) {
      Trunk trunk{at, Centre(at), Centre(at), -1, {}};
      for (const int e : leaving_[static_cast<size_t>(at)]) {
        trunk.edges.push_back(e);
        const int to = Centre(block_.edges[static_cast<size_t>(e)].to);
        trunk.low = std::min(trunk.low, to);
        trunk.high = std::max(trunk.high, to);
      }
      if (!trunk.edges.empty()) trunks.push_back(std::move(trunk));
    }
    return trunks;
  }

  // How many lanes. A trunk whose stem stands where another drops must turn above it.
  int AssignLanes(std::vector<Trunk>& trunks) {
    std::vector<Trunk*> open;
    for (auto& trunk : trunks) {
      if (trunk.low != trunk.high) open.push_back(&trunk);
    }
    std::vector<const Trunk*> done;
    int lanes = 0;
    const auto drops_on_stem = [&](const Trunk& a, const Trunk& b) {
      return &a != &b && std::any_of(a.edges.begin(), a.edges.end(), [&](int e) {
        return Centre(block_.edges[static_cast<size_t>(e)].to) == Centre(b.from);
      });
    };
    while (!open.empty()) {
      auto pick = std::find_if(open.begin(), open.end(), [&](const Trunk* one) {
        return std::none_of(open.begin(), open.end(),
                            [&](const Trunk* other) { return drops_on_stem(*one, *other); });
      });
      if (pick == open.end()) pick = open.begin();
      Trunk& trunk = **pick;
      trunk.lane = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (const auto* other : done) {
          const bool clash =
              other->lane == trunk.lane && other->low <= trunk.high && trunk.low <= other->high;
          const bool too_high = other->lane >= trunk.lane && drops_on_stem(trunk, *other);
          if (clash || too_high) trunk.lane = other->lane + 1, moved = true;
        }
      }
      lanes = std::max(lanes, trunk.lane + 1);
      done.push_back(&trunk);
      open.erase(pick);
    }
    return lanes;
  }

  void PlaceDown() {
    int y = 0;
    for (size_t l = 0; l < layers_.size(); ++l) {
      int height = 0;
      for (const int at : layers_[l]) height = std::max(height, At(at).box.height);
      for (const int at : layers_[l]) {
        At(at).box.y = y;
        if (At(at).kind == GraphNode::Kind::kBend) At(at).box.height = height;
        for (auto& inner : At(at).inner) Shift(inner, At(at).box.x, At(at).box.y);
      }
      y += height;
      if (l + 1 == layers_.size()) break;
      auto trunks = TrunksBelow(l);
      const int lanes = AssignLanes(trunks);
      const int next = y + m_.above + std::max(0, lanes - 1) * m_.lane + m_.below;
      for (const auto& trunk : trunks) {
        const int turn = y + m_.above + std::max(0, trunk.lane) * m_.lane;
        for (const int e : trunk.edges) {
          GraphEdge& edge = block_.edges[static_cast<size_t>(e)];
          const int from = Centre(edge.from), to = Centre(edge.to);
          edge.points = {{from, At(edge.from).box.y + At(edge.from).box.height}};
          if (from != to) edge.points.insert(edge.points.end(), {{from, turn}, {to, turn}});
          edge.points.push_back({to, next});
        }
      }
      y = next;
    }
    block_.height = y;
  }

  // Lines that lead back go around all on the right side; those with less to enclose are nearer.
  void RouteBack() {
    std::vector<GraphEdge*> back;
    for (auto& edge : block_.edges) {
      if (edge.back) back.push_back(&edge);
    }
    std::stable_sort(back.begin(), back.end(), [&](const GraphEdge* a, const GraphEdge* b) {
      return At(a->from).layer - At(a->to).layer < At(b->from).layer - At(b->to).layer;
    });
    int x = block_.width + m_.side_lane - 1;
    for (auto* edge : back) {
      const GraphBox &from = At(edge->from).box, &to = At(edge->to).box;
      // Out below the middle and in above it, so that a line to the state itself is seen.
      const int out =
          from.y + std::min(from.height - 1, from.height / 2 + (edge->from == edge->to ? m_.line : 0));
      const int in = to.y + std::max(0, std::min(to.height / 2, m_.border_y + m_.line / 2));
      edge->points = {{from.x + from.width, out}, {x, out}, {x, in}, {to.x + to.width, in}};
      x += m_.side_lane;
    }
    if (!back.empty()) block_.width = x - m_.side_lane + 1;
  }

  const GraphMetrics& m_;
  GraphBlock& block_;
  std::vector<Ints> layers_;
  std::vector<Ints> above_, below_, leaving_;  // by node: nodes, nodes, edges
};

}  // namespace

void LayOut(const GraphMetrics& metrics, GraphBlock& graph) { BlockLayout(metrics, graph).Run(); }

}  // namespace penstock::workflow
