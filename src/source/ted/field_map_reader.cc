#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/spelling.h"
#include "source/ted/field_map_reader_internal.h"

namespace penstock::source::ted {
namespace {

constexpr std::array<std::string_view, 3> kTableNames = {"notices", "lots", "awards"};
constexpr size_t kMostExpansions = 64;

bool IsName(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos &&
         (name[0] < '0' || name[0] > '9');
}

// Where `$name` stands in `text` as a whole word at or behind `from`; npos: nowhere.
size_t FindName(std::string_view text, std::string_view name, size_t from) {
  for (size_t at = text.find('$', from); at != text.npos; at = text.find('$', at + 1)) {
    if (text.substr(at + 1, name.size()) != name) continue;
    const std::string_view behind = text.substr(at + 1 + name.size(), 1);
    if (behind.empty() || !IsName("a" + std::string(behind))) return at;
  }
  return text.npos;
}

}  // namespace

void FieldMapReader::Fault(const YAML::Node& node, std::string_view what) {
  const YAML::Mark mark = node.Mark();
  faults_.push_back(fmt::format("{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, what));
}

void FieldMapReader::Entries(const YAML::Node& node, std::string_view of,
                             const std::function<void(const std::string&, const YAML::Node&)>& read) {
  if (!node.IsMap()) return Fault(node, fmt::format("{}: expected a mapping (name: …)", of));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      Fault(entry.first, fmt::format("{}: expected a name", of));
    } else if (!seen.insert(entry.first.Scalar()).second) {
      Fault(entry.first, fmt::format("{}: {} stands twice", of, entry.first.Scalar()));
    } else {
      read(entry.first.Scalar(), entry.second);
    }
  }
}

void FieldMapReader::Keys(const YAML::Node& node, std::string_view of, const std::vector<Key>& keys) {
  std::set<std::string_view> found;
  // In the order of `keys`: later ones may rest on what earlier ones read.
  for (const Key& key : keys) {
    if (!node.IsMap()) break;
    const YAML::Node value = node[std::string(key.name)];
    if (!value.IsDefined()) {
      if (key.required) Fault(node, fmt::format("{}: `{}` is missing", of, key.name));
      continue;
    }
    key.read(value);
  }
  Entries(node, of, [&](const std::string& name, const YAML::Node& value) {
    std::vector<std::string> known;
    for (const Key& key : keys) known.emplace_back(key.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    Fault(value, fmt::format("{}: no such key: {}{}; known here: {}", of, name, DidYouMean(name, known),
                             fmt::join(known, ", ")));
  });
}

std::string FieldMapReader::Text(const YAML::Node& node, std::string_view of) {
  if (node.IsScalar()) return node.Scalar();
  Fault(node, fmt::format("{}: expected a text", of));
  return "";
}

std::vector<std::string> FieldMapReader::Texts(const YAML::Node& node, std::string_view of) {
  std::vector<std::string> texts;
  if (!node.IsSequence()) {
    texts.push_back(Text(node, of));
    return texts;
  }
  for (const auto& item : node) texts.push_back(Text(item, of));
  return texts;
}

template <typename T>
T FieldMapReader::Choice(const YAML::Node& node, const std::vector<std::pair<std::string, T>>& choices) {
  const std::string text = node.IsScalar() ? node.Scalar() : std::string();
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names.push_back(name);
  }
  Fault(node,
        fmt::format("expected one of {}, got '{}'{}", fmt::join(names, ", "), text, DidYouMean(text, names)));
  return choices.front().second;
}

FieldNames FieldMapReader::Names() const {
  const FieldFamily* family = &map_.families[family_];
  const auto index = [](const auto& list, auto name_of, std::string_view name) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (name_of(list[i]) == name) return static_cast<int>(i);
    }
    return -1;
  };
  return {
      .space =
          [=](std::string_view n) {
            return index(family->spaces, [](const auto& s) { return s.prefix; }, n);
          },
      .variable =
          [=](std::string_view n) {
            return index(family->variables, [](const auto& v) { return v.name; }, n);
          },
      .reference =
          [=](std::string_view n) {
            return index(family->references, [](const auto& r) { return r.name; }, n);
          },
  };
}

FieldPath FieldMapReader::Path(const YAML::Node& node, std::string_view text) {
  const auto path = ParseFieldPath(text, Names());
  if (path.ok()) return *path;
  Fault(node, fmt::format("the path {}: {}", text, path.status().message()));
  return {};
}

FieldPath FieldMapReader::PathWithoutEach(const YAML::Node& node) {
  FieldPath path = Path(node, Text(node, "a path"));
  for (const FieldChain& chain : path) {
    if (chain.start == FieldChain::Start::kEach) Fault(node, "$each belongs to paths of columns");
  }
  return path;
}

std::vector<FieldPath> FieldMapReader::Paths(const YAML::Node& node) {
  std::vector<FieldPath> paths;
  const auto add = [&](const YAML::Node& item) {
    std::vector<std::string> texts = {Text(item, "a path")};
    for (const auto& [name, meanings] : definitions_[family_]) {
      std::vector<std::string> expanded;
      for (const std::string& text : texts) {
        if (FindName(text, name, 0) == text.npos) {
          expanded.push_back(text);
          continue;
        }
        for (const std::string& meaning : meanings) {
          std::string put = text;
          for (size_t at = FindName(put, name, 0); at != put.npos;
               at = FindName(put, name, at + meaning.size())) {
            put.replace(at, name.size() + 1, meaning);
          }
          expanded.push_back(std::move(put));
        }
      }
      texts = std::move(expanded);
      if (texts.size() > kMostExpansions)
        return Fault(item, "the definitions make too many paths of this one");
    }
    for (const std::string& text : texts) paths.push_back(Path(item, text));
  };
  if (node.IsSequence()) {
    for (const auto& item : node) add(item);
  } else {
    add(node);
  }
  if (paths.empty()) Fault(node, "expected a path or a list of paths");
  return paths;
}

void FieldMapReader::Family(const std::string& name, const YAML::Node& node) {
  if (!IsName(name)) Fault(node, fmt::format("families: '{}' is no name (a-z, 0-9, _)", name));
  family_ = map_.families.size();
  map_.families.push_back({.name = name});
  definitions_.emplace_back();
  FieldFamily& family = map_.families.back();
  const std::string of = "families." + name;
  Keys(node, of,
       {{"about", false, [&](const YAML::Node& n) { Text(n, of + ".about"); }},
        {"namespaces", true,
         [&](const YAML::Node& n) {
           Entries(n, of + ".namespaces", [&](const std::string& prefix, const YAML::Node& uris) {
             family.spaces.push_back({prefix, Texts(uris, of + ".namespaces")});
           });
         }},
        {"roots", true,
         [&](const YAML::Node& n) {
           for (const FieldPath& path : Paths(n)) {
             if (path.empty()) continue;
             const FieldSegment& only = path[0].segments[0];
             if (path.size() != 1 || only.steps.size() != 1 || !only.steps[0].predicates.empty() ||
                 only.steps[0].name.local.empty()) {
               Fault(n, "a root is one element: prefix:NAME");
               continue;
             }
             family.roots.push_back(only.steps[0].name);
           }
         }},
        {"variables", false,
         [&](const YAML::Node& n) {
           Entries(n, of + ".variables", [&](const std::string& variable, const YAML::Node& text) {
             FieldPath path = Path(text, Text(text, of + ".variables"));
             for (const FieldChain& chain : path) {
               bool simple = chain.segments.size() == 1 && chain.start != FieldChain::Start::kEach;
               for (const FieldStep& step : chain.segments[0].steps) simple &= !step.deep;
               if (!simple) Fault(text, "a variable is reached by child steps only: no '//', no ' -> '");
             }
             family.variables.push_back({variable, std::move(path)});
           });
         }},
        {"definitions", false,
         [&](const YAML::Node& n) {
           Entries(n, of + ".definitions", [&](const std::string& definition, const YAML::Node& texts) {
             if (!IsName(definition) || definition == "each")
               Fault(texts, "no name for a definition: " + definition);
             definitions_.back().emplace_back(definition, Texts(texts, of + ".definitions"));
           });
         }},
        {"paragraphs", false, [&](const YAML::Node& n) { family.paragraphs = Texts(n, of + ".paragraphs"); }},
        {"references", false, [&](const YAML::Node& n) { References(n, family); }},
        {"lots", true, [&](const YAML::Node& n) { Rows(n, family.lots); }},
        {"awards", true, [&](const YAML::Node& n) { Rows(n, family.awards); }}});
}

void FieldMapReader::CheckElements(const YAML::Node& node, const std::vector<FieldPath>& paths) {
  for (const FieldPath& path : paths) {
    for (const FieldChain& chain : path) {
      if (chain.segments.size() != 1 || chain.segments[0].end != FieldEnd::kAllText ||
          chain.segments[0].steps.empty() || chain.start == FieldChain::Start::kEach) {
        Fault(node, "expected paths to elements, without ' -> '");
      }
    }
  }
}

void FieldMapReader::References(const YAML::Node& node, FieldFamily& family) {
  // All names first: a path of one may lead to another.
  Entries(node, "references", [&](const std::string& name, const YAML::Node& value) {
    if (!IsName(name)) Fault(value, fmt::format("references: '{}' is no name (a-z, 0-9, _)", name));
    family.references.push_back({.name = name});
  });
  size_t at = 0;
  Entries(node, "references", [&](const std::string& name, const YAML::Node& value) {
    FieldReference& reference = family.references[at++];
    Keys(value, "references." + name,
         {{"elements", true, [&](const YAML::Node& n) { CheckElements(n, reference.elements = Paths(n)); }},
          {"key", true, [&](const YAML::Node& n) { reference.key = PathWithoutEach(n); }},
          {"fields", false, [&](const YAML::Node& n) {
             Entries(n, "fields", [&](const std::string& field, const YAML::Node& paths) {
               reference.fields[field] = Paths(paths);
               for (const FieldPath& path : reference.fields[field]) {
                 for (const FieldChain& chain : path) {
                   if (chain.segments.size() != 1 || chain.start != FieldChain::Start::kRow) {
                     Fault(paths, "a field of a reference starts at its element and has no ' -> '");
                   }
                 }
               }
             });
           }}});
  });
}

void FieldMapReader::Rows(const YAML::Node& node, FieldRows& rows) {
  if (!node.IsMap()) {
    CheckElements(node, rows.elements = Paths(node));
    return;
  }
  Keys(node, "rows",
       {{"elements", true, [&](const YAML::Node& n) { CheckElements(n, rows.elements = Paths(n)); }},
        {"each", false, [&](const YAML::Node& n) { rows.each = PathWithoutEach(n); }},
        {"each_with", false, [&](const YAML::Node& n) { rows.each_with = PathWithoutEach(n); }}});
  if (rows.each_with && !rows.each) Fault(node, "`each_with` stands without `each`");
  int reference = -1;
  for (const FieldChain& chain : rows.each.value_or(FieldPath())) {
    const FieldSegment& last = chain.segments.back();
    if (chain.segments.size() < 2 || !last.steps.empty() || !last.field.empty() ||
        last.end != FieldEnd::kAllText || (reference >= 0 && reference != last.reference)) {
      Fault(node, "`each` ends with ' -> ' and the name of one reference");
    }
    reference = last.reference;
  }
}

void FieldMapReader::Codes(const YAML::Node& node) {
  Entries(node, "codes", [&](const std::string& name, const YAML::Node& list) {
    Entries(list, "codes." + name, [&](const std::string& from, const YAML::Node& to) {
      map_.codes[name][from] = Text(to, "codes." + name);
    });
  });
}

void FieldMapReader::Table(const std::string& name, const YAML::Node& node) {
  const auto known = std::find(kTableNames.begin(), kTableNames.end(), name);
  if (known == kTableNames.end()) {
    return Fault(node, fmt::format("tables: no such table: {}; known: notices, lots, awards", name));
  }
  FieldTable& table = map_.tables[known - kTableNames.begin()];
  table.name = name;
  Keys(node, "tables." + name,
       {{"copied", false,
         [&](const YAML::Node& n) {
           if (&table == &map_.tables[kNotices]) return Fault(n, "`copied` belongs to lots and awards");
           for (const std::string& copied : Texts(n, "copied")) {
             const auto& columns = map_.tables[kNotices].columns;
             size_t i = 0;
             while (i < columns.size() && columns[i].name != copied) ++i;
             if (i == columns.size()) {
               Fault(n, fmt::format("notices has no column {} (it must stand before {})", copied, name));
             } else {
               table.copied.push_back(static_cast<int>(i));
             }
           }
         }},
        {"columns", true, [&](const YAML::Node& n) {
           if (!n.IsSequence()) return Fault(n, "columns: expected a list (- name: …)");
           for (const auto& column : n) Column(column, table);
         }}});
  std::set<std::string> names;
  for (const int copied : table.copied) names.insert(map_.tables[kNotices].columns[copied].name);
  for (const FieldColumn& column : table.columns) {
    if (!names.insert(column.name).second)
      Fault(node, fmt::format("{}: the column {} stands twice", name, column.name));
  }
}

void FieldMapReader::Column(const YAML::Node& node, FieldTable& table) {
  FieldColumn column;
  column.line = node.Mark().line + 1;
  column.of.resize(map_.families.size());
  std::vector<Key> keys = {
      {"name", true,
       [&](const YAML::Node& n) {
         column.name = Text(n, "name");
         if (!IsName(column.name))
           Fault(n, fmt::format("'{}' is no name for a column (a-z, 0-9, _)", column.name));
       }},
      {"about", true, [&](const YAML::Node& n) { column.about = Text(n, "about"); }},
      {"type", false,
       [&](const YAML::Node& n) {
         column.type = Choice<FieldType>(n, {{"string", FieldType::kString},
                                             {"int64", FieldType::kInt64},
                                             {"double", FieldType::kDouble},
                                             {"bool", FieldType::kBool},
                                             {"date", FieldType::kDate},
                                             {"time", FieldType::kTime}});
       }},
      {"take", false,
       [&](const YAML::Node& n) {
         column.take = Choice<FieldTake>(n, {{"first", FieldTake::kFirst},
                                             {"last", FieldTake::kLast},
                                             {"all", FieldTake::kAll},
                                             {"distinct", FieldTake::kDistinct},
                                             {"count", FieldTake::kCount},
                                             {"sum", FieldTake::kSum},
                                             {"any", FieldTake::kAny}});
       }},
      {"given", false,
       [&](const YAML::Node& n) {
         column.given = Choice<FieldGiven>(n, {{"archive", FieldGiven::kArchive},
                                               {"entry", FieldGiven::kEntry},
                                               {"family", FieldGiven::kFamily},
                                               {"row", FieldGiven::kRow},
                                               {"lots", FieldGiven::kLots},
                                               {"awards", FieldGiven::kAwards},
                                               {"unread", FieldGiven::kUnread}});
       }},
      {"required", false,
       [&](const YAML::Node& n) { column.required = Choice<bool>(n, {{"true", true}, {"false", false}}); }},
      {"separator", false, [&](const YAML::Node& n) { column.separator = Text(n, "separator"); }},
      {"codes", false, [&](const YAML::Node& n) { column.codes = Text(n, "codes"); }},
      {"notice_number", false,
       [&](const YAML::Node& n) {
         column.notice_number = Choice<bool>(n, {{"true", true}, {"false", false}});
       }},
  };
  for (size_t i = 0; i < map_.families.size(); ++i) {
    keys.push_back(
        {map_.families[i].name, false, [&, i](const YAML::Node& n) { Source(n, i, column.of[i]); }});
  }
  Keys(node, fmt::format("tables.{}", table.name), keys);

  const bool joins = column.take == FieldTake::kAll || column.take == FieldTake::kDistinct;
  const bool text = column.type == FieldType::kString;
  if (joins && !text)
    Fault(node, fmt::format("{}: take: all and distinct make a text (type: string)", column.name));
  if (joins && column.separator.empty())
    Fault(node, fmt::format("{}: take: all and distinct need a separator", column.name));
  if (!joins && !column.separator.empty())
    Fault(node, fmt::format("{}: a separator goes with take: all or distinct", column.name));
  if (column.take == FieldTake::kCount && column.type != FieldType::kInt64)
    Fault(node, fmt::format("{}: take: count makes an int64", column.name));
  if (column.take == FieldTake::kSum && column.type != FieldType::kInt64 && column.type != FieldType::kDouble)
    Fault(node, fmt::format("{}: take: sum makes an int64 or a double", column.name));
  if (column.take == FieldTake::kAny && column.type != FieldType::kBool)
    Fault(node, fmt::format("{}: take: any makes a bool", column.name));
  if (column.notice_number && !text)
    Fault(node, fmt::format("{}: notice_number goes with type: string", column.name));
  for (const FieldSource& source : column.of) {
    if ((!source.prefix.empty() || source.trim != 0) && !text)
      Fault(node, fmt::format("{}: prefix and trim go with type: string", column.name));
  }
  if (!column.codes.empty() && !map_.codes.contains(column.codes))
    Fault(node, fmt::format("{}: there are no codes of the name {}", column.name, column.codes));
  const bool counts = column.given == FieldGiven::kRow || column.given == FieldGiven::kLots ||
                      column.given == FieldGiven::kAwards;
  if (counts && column.type != FieldType::kInt64)
    Fault(node, fmt::format("{}: given: row, lots and awards are int64", column.name));
  if (column.given != FieldGiven::kNone && !counts && !text)
    Fault(node, fmt::format("{}: what is given here is a text", column.name));
  table.columns.push_back(std::move(column));
}

void FieldMapReader::Source(const YAML::Node& node, size_t family, FieldSource& source) {
  family_ = family;
  if (!node.IsMap()) {
    source.paths = Paths(node);
    return;
  }
  Keys(node, map_.families[family].name,
       {{"constant", false, [&](const YAML::Node& n) { source.constant = Text(n, "constant"); }},
        {"paths", false, [&](const YAML::Node& n) { source.paths = Paths(n); }},
        {"codes", false,
         [&](const YAML::Node& n) {
           source.codes = Text(n, "codes");
           if (!map_.codes.contains(source.codes)) Fault(n, "there are no codes of the name " + source.codes);
         }},
        {"prefix", false, [&](const YAML::Node& n) { source.prefix = Text(n, "prefix"); }},
        {"trim", false, [&](const YAML::Node& n) {
           const std::string text = Text(n, "trim");
           if (text.size() != 1) Fault(n, "trim: expected one character");
           source.trim = text.empty() ? 0 : text[0];
         }}});
  if (source.constant.has_value() == !source.paths.empty())
    Fault(node, "expected either `constant` or `paths`");
}

void FieldMapReader::CheckUse() {
  for (FieldTable& table : map_.tables) {
    for (const FieldColumn& column : table.columns) {
      for (size_t f = 0; f < column.of.size(); ++f) {
        const FieldFamily& family = map_.families[f];
        const FieldRows* rows = &table == &map_.tables[kLots]     ? &family.lots
                                : &table == &map_.tables[kAwards] ? &family.awards
                                                                  : nullptr;
        for (const FieldPath& path : column.of[f].paths) {
          for (const FieldChain& chain : path) {
            if (chain.start == FieldChain::Start::kEach && (rows == nullptr || !rows->each)) {
              faults_.push_back(fmt::format("{}:{}: {}.{}: $each, but the rows of {} have no `each`", file_,
                                            column.line, table.name, column.name, family.name));
            }
            for (const FieldSegment& segment : chain.segments) {
              if (segment.field.empty()) continue;
              const FieldReference& reference = family.references[segment.reference];
              if (!reference.fields.contains(segment.field)) {
                faults_.push_back(fmt::format("{}:{}: {}.{}: the reference {} has no field {}", file_,
                                              column.line, table.name, column.name, reference.name,
                                              segment.field));
              }
            }
          }
        }
      }
    }
  }
}

Result<FieldMap> FieldMapReader::Read(const std::string& text) {
  const auto failed = [&](std::string_view what) {
    return MakeError(ErrorCode::kConfiguration, fmt::format("{}", what),
                     "docs/ted-fields.md describes a field map");
  };
  try {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) return failed(file_ + ": expected a mapping with codes, families and tables");
    Keys(root, "the field map",
         {{"codes", false, [&](const YAML::Node& n) { Codes(n); }},
          {"families", true,
           [&](const YAML::Node& n) {
             map_.families.reserve(n.size());
             Entries(n, "families",
                     [&](const std::string& name, const YAML::Node& value) { Family(name, value); });
           }},
          {"tables", true, [&](const YAML::Node& n) {
             Entries(n, "tables",
                     [&](const std::string& name, const YAML::Node& value) { Table(name, value); });
             for (size_t i = 0; i < kTableNames.size(); ++i) {
               if (map_.tables[i].columns.empty())
                 Fault(n, fmt::format("tables: {} has no columns", kTableNames[i]));
             }
           }}});
    if (faults_.empty()) CheckUse();
  } catch (const YAML::Exception& error) {  // only Load throws, and access to what it made
    return failed(fmt::format("{}:{}:{}: {}", file_, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
  if (!faults_.empty()) return failed(fmt::format("{}", fmt::join(faults_, "\n")));
  return std::move(map_);
}

}  // namespace penstock::source::ted
