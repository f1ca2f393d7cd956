#include "source/ted/field_program.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace penstock::source::ted {
namespace {

constexpr size_t kFirstReference = 3;

std::string Written(const XmlName& name) { return fmt::format("{}:{}", name.space, name.local); }

class Compiler {
 public:
  Compiler(const FieldMap& map, size_t index) : map_(map), index_(index), family_(map.families[index]) {
    program_.family = &family_;
    program_.names.resize(family_.spaces.size());
  }

  Result<FamilyProgram> Run() {
    for (const XmlName& root : family_.roots) program_.roots.push_back(Test(root));
    for (const FieldFamily::Variable& variable : family_.variables) Variable(variable);
    for (size_t scope = 0; scope < kFirstReference + family_.references.size(); ++scope) {
      program_.scope_nodes.push_back(AddNode());
      program_.scope_slots.push_back(0);
      slots_.emplace_back();
    }
    Elements(family_.lots.elements, kLots);
    Elements(family_.awards.elements, kAwards);
    for (size_t i = 0; i < family_.references.size(); ++i) {
      const FieldReference& reference = family_.references[i];
      Elements(reference.elements, kFirstReference + i);
      program_.keys.push_back(Path(reference.key, kFirstReference + i));
    }
    Rows(family_.lots, kLots);
    Rows(family_.awards, kAwards);
    for (int table = 0; table < 3; ++table) {
      for (const FieldColumn& column : map_.tables[table].columns) {
        std::vector<ProgramPath>& paths = program_.columns[table].emplace_back();
        for (const FieldPath& path : column.of[index_].paths) paths.push_back(Path(path, table));
      }
    }
    Paragraphs();
    for (const uint32_t slots : program_.scope_slots) {
      if (slots > std::numeric_limits<uint16_t>::max()) {
        return MakeError(ErrorCode::kConfiguration,
                         fmt::format("the field map has too many paths for the family {}", family_.name));
      }
    }
    return std::move(program_);
  }

 private:
  uint32_t AddNode() {
    program_.nodes.emplace_back();
    return static_cast<uint32_t>(program_.nodes.size() - 1);
  }

  NameTest Test(const XmlName& name) {
    if (name.space < 0) return {};
    if (name.local.empty()) return {kAnyName, name.space};
    const auto [entry, is_new] = program_.names[name.space].try_emplace(name.local, names_);
    if (is_new) ++names_;
    return {entry->second, name.space};
  }

  std::vector<ProgramPredicate> Predicates(const std::vector<FieldPredicate>& written) {
    std::vector<ProgramPredicate> predicates;
    for (const FieldPredicate& predicate : written) {
      ProgramPredicate& made = predicates.emplace_back();
      made.kind = predicate.kind;
      made.position = predicate.position;
      for (const XmlName& element : predicate.elements) made.elements.push_back(Test(element));
      made.written = &predicate;
    }
    return predicates;
  }

  void Variable(const FieldFamily::Variable& variable) {
    ProgramVariable& made = program_.variables.emplace_back();
    for (const FieldChain& chain : variable.path) {
      const FieldSegment& segment = chain.segments[0];
      ProgramVariable::Path& path = made.paths.emplace_back();
      for (const FieldStep& step : segment.steps)
        path.steps.push_back({Test(step.name), Predicates(step.predicates)});
      path.end = segment.end;
      path.attribute = segment.attribute;
    }
  }

  // One node for paths that begin alike.
  uint32_t Walk(uint32_t node, const std::vector<FieldStep>& steps) {
    for (const FieldStep& step : steps) {
      if (step.deep) {
        if (program_.nodes[node].deep < 0) {
          const uint32_t deep = AddNode();
          program_.nodes[deep].stays = true;
          program_.nodes[node].deep = static_cast<int32_t>(deep);
        }
        node = static_cast<uint32_t>(program_.nodes[node].deep);
      }
      std::string key = fmt::format("{}/{}", node, Written(step.name));
      for (const FieldPredicate& predicate : step.predicates) {
        key += fmt::format("[{} {} {} {} {} {}", static_cast<int>(predicate.kind), predicate.position,
                           predicate.has_attribute, Written(predicate.attribute), predicate.value,
                           predicate.variable);
        for (const XmlName& element : predicate.elements) key += "/" + Written(element);
      }
      const auto [edge, is_new] = edges_.try_emplace(key, 0);
      if (is_new) {
        edge->second = AddNode();
        const NameTest test = Test(step.name);
        TrieNode& from = program_.nodes[node];
        from.edges.push_back({test, Predicates(step.predicates), edge->second});
        if (test.name == kAnyName) {
          from.any_name = true;
        } else {
          from.names |= uint64_t{1} << (static_cast<unsigned>(test.name) & 63);
        }
      }
      node = edge->second;
    }
    return node;
  }

  void Elements(const std::vector<FieldPath>& paths, size_t scope) {
    for (size_t i = 0; i < paths.size(); ++i) {
      for (const FieldChain& chain : paths[i]) {
        const uint32_t node = Walk(program_.scope_nodes[0], chain.segments[0].steps);
        program_.nodes[node].openings.push_back({static_cast<uint16_t>(scope), static_cast<uint16_t>(i)});
      }
    }
  }

  uint16_t Slot(const FieldSegment& segment, size_t scope) {
    const uint32_t node = Walk(program_.scope_nodes[scope], segment.steps);
    const std::string key =
        fmt::format("{} {} {}", node, static_cast<int>(segment.end), Written(segment.attribute));
    const auto [slot, is_new] = slots_[scope].try_emplace(key, program_.scope_slots[scope]);
    if (is_new) {
      ++program_.scope_slots[scope];
      program_.nodes[node].captures.push_back(
          {static_cast<uint16_t>(slot->second), segment.end, segment.attribute});
    }
    return static_cast<uint16_t>(slot->second);
  }

  ProgramPath Path(const FieldPath& path, size_t scope) {
    ProgramPath made;
    for (const FieldChain& chain : path) {
      ProgramChain& link = made.emplace_back();
      link.start = chain.start;
      size_t from = scope;
      if (chain.start == FieldChain::Start::kRoot) from = 0;
      if (chain.start == FieldChain::Start::kEach)
        from = kFirstReference + program_.rows[scope].each_reference;
      link.slot = Slot(chain.segments[0], from);
      for (size_t i = 1; i < chain.segments.size(); ++i) {
        const FieldSegment& segment = chain.segments[i];
        const size_t at = kFirstReference + segment.reference;
        ProgramHop& hop = link.hops.emplace_back();
        hop.reference = static_cast<uint16_t>(segment.reference);
        if (!segment.field.empty()) {
          for (const FieldPath& field : family_.references[segment.reference].fields.at(segment.field)) {
            // A union in a field is tried in order, too.
            for (const FieldChain& part : field) hop.slots.push_back(Slot(part.segments[0], at));
          }
        } else if (!segment.steps.empty() || segment.end != FieldEnd::kAllText) {
          hop.slots.push_back(Slot(segment, at));
        }
      }
    }
    return made;
  }

  void Rows(const FieldRows& rows, int table) {
    ProgramRows& made = program_.rows[table];
    if (!rows.each) return;
    made.each = Path(*rows.each, table);
    made.each_reference = rows.each->front().segments.back().reference;
    if (rows.each_with) made.each_with = Path(*rows.each_with, kFirstReference + made.each_reference);
  }

  void Paragraphs() {
    std::vector<bool>& paragraph = program_.paragraph;
    for (size_t space = 0; space < program_.names.size(); ++space) {
      for (const std::string& local : family_.paragraphs) Test({static_cast<int>(space), local});
    }
    paragraph.resize(names_);
    for (const auto& names : program_.names) {
      for (const std::string& local : family_.paragraphs) paragraph[names.at(local)] = true;
    }
  }

  const FieldMap& map_;
  const size_t index_;
  const FieldFamily& family_;
  FamilyProgram program_;
  int names_ = 0;
  std::map<std::string, uint32_t> edges_;
  std::vector<std::map<std::string, uint32_t>> slots_;  // by scope
};

}  // namespace

Result<std::vector<FamilyProgram>> CompileFieldMap(const FieldMap& map) {
  std::vector<FamilyProgram> programs;
  for (size_t i = 0; i < map.families.size(); ++i) {
    ASSIGN_OR_RETURN(FamilyProgram program, Compiler(map, i).Run());
    programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace penstock::source::ted
