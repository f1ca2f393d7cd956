// JSONPath as Step Functions evaluates it (it follows Jayway JsonPath): compiled once, evaluated often.
// Source: Amazon States Language, "Paths" and "Reference Paths"; github.com/json-path/JsonPath, README.
// Dot and bracket children, unions, indexes (also from the end), slices, wildcards, recursive descent,
// filters (json_path_filter.h), and a function at the end (json_path_function.h).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "workflow/json_path_filter.h"

namespace penstock::workflow {

struct PathFunctionCall;

class JsonPath {
 public:
  enum class Root { kInput, kContext, kVariable };  // $…, $$…, $name…

  // InvalidData: not a path, with the place.
  static Result<JsonPath> Parse(std::string_view text) { return Parse(text, 0); }
  // `depth`: of filters in filters.
  static Result<JsonPath> Parse(std::string_view text, int depth);

  const std::string& text() const { return text_; }
  Root root() const { return root_; }
  const std::string& variable() const { return variable_; }
  // At most one value can match, and Find finds it.
  bool definite() const { return definite_ && function_ == nullptr; }
  // A Reference Path: only names and indexes from the front.
  bool is_reference() const;

  // The value below `root` that a definite path names, or null when there is none. `skip` leaves out the
  // first segments: `root` is then what they lead to.
  const json::value* Find(const json::value& root, size_t skip = 0) const;
  // The value of a definite path, or the array of all matches of another. NotFound, in Jayway's words, when a
  // definite path leads nowhere, or any meets a value of the wrong type on its definite beginning.
  Result<json::value> Evaluate(const json::value& root, size_t skip = 0) const;
  // Whether its definite beginning (all of a definite path) is there.
  bool LeadsSomewhere(const json::value& root) const;
  // Puts `value` at a Reference Path, making the objects on the way. InvalidData: something else is in the
  // way.
  Status Put(json::value& document, json::value value) const;
  // Whether the first segments are these names.
  bool StartsWith(std::initializer_list<std::string_view> names) const;

 private:
  friend class JsonPathParser;
  struct Segment {
    enum class Kind { kNames, kIndexes, kSlice, kWildcard, kFilter } kind = Kind::kNames;
    bool descend = false;  // preceded by ".."
    std::vector<std::string> names;
    std::vector<int64_t> indexes;
    bool has_from = false, has_to = false;
    int64_t from = 0, to = 0;
    std::shared_ptr<const PathFilter> filter;
    bool definite() const;
  };
  // One walk: what it looks at, and what it found.
  struct Walk {
    const json::value& root;
    std::vector<const json::value*> found;
    std::deque<json::value> made;  // what was found and stands nowhere in `root`
  };
  // Its last segment names several children: an object of them is found, and not each by itself.
  bool merges_names() const {
    return !segments_.empty() && segments_.back().kind == Segment::Kind::kNames &&
           segments_.back().names.size() > 1;
  }
  void Merge(const json::object& object, Walk& walk) const;
  Result<json::value> EvaluateSegments(const json::value& root, size_t skip) const;
  Status Collect(const json::value& node, size_t depth, bool definite_so_far, Walk& walk) const;
  Status Select(const json::value& node, size_t depth, bool definite_so_far, Walk& walk) const;
  Status Filter(const json::value& node, size_t depth, Walk& walk) const;
  void Slice(const json::array& array, const Segment& segment, std::vector<const json::value*>& out) const;
  // $['a']['b'][0], as Jayway writes the first `count` segments.
  std::string Normal(size_t count) const;

  std::string text_;
  Root root_ = Root::kInput;
  std::string variable_;
  std::vector<Segment> segments_;
  bool definite_ = true;
  std::shared_ptr<const PathFunctionCall> function_;
};

}  // namespace penstock::workflow
