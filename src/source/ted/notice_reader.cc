#include "source/ted/notice_reader.h"

#include <arrow/table.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <unordered_map>

#include "source/ted/field_program.h"
#include "source/ted/notice_value.h"
#include "source/ted/notice_walk.h"
#include "source/ted/row_builder.h"
#include "source/ted/xml_document.h"
#include "source/ted/xml_names.h"

namespace penstock::source::ted {
namespace {

constexpr size_t kFirstReference = 3;
// Steps from key to element, of one notice: what joins them must not make hours of one.
constexpr int64_t kMaxJoins = 10'000'000;
constexpr size_t kMaxUnread = 500;    // bytes of the column
constexpr size_t kMaxRows = 100'000;  // of a table, from one notice
constexpr size_t kKeptRows = 4'096;   // whose memory the next notice uses again

// Characters of the document are, but one written by its number may be none (&#xD800;), nor half of one in
// UTF-16.
bool IsValid(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return simdjson::validate_utf8(text.data(), text.size());
  }
  return true;
}

// A row before it is one: its element, and what its `each` reached.
struct RowPlace {
  const ScopeInstance* row = nullptr;
  const ScopeInstance* each = nullptr;
};

class Reader final : public NoticeReader {
 public:
  Reader(FieldMap map, NoticeReaderOptions options) : map_(std::move(map)), options_(options) {}

  Status Compile() {
    ASSIGN_OR_RETURN(programs_, CompileFieldMap(map_));
    for (int table = 0; table < 3; ++table) {
      builders_.push_back(std::make_unique<TableBuilder>(map_.Schema(table)));
      cells_[table].resize(1);
    }
    for (const auto& family : map_.families)
      most_references_ = std::max(most_references_, family.references.size());
    keys_.resize(most_references_);
    return Status::OK();
  }

  Status Add(std::string_view xml, const NoticeOrigin& origin) override {
    const Status status = Read(xml, origin);
    if (status.ok()) return status;
    std::string place(origin.archive);
    if (!place.empty() && !origin.entry.empty()) place += ": ";
    place += origin.entry;
    return place.empty() ? status : WithContext(status, place);
  }

  Result<NoticeTables> Finish() override {
    NoticeTables tables;
    ASSIGN_OR_RETURN(tables.notices, builders_[kNotices]->Finish());
    ASSIGN_OR_RETURN(tables.lots, builders_[kLots]->Finish());
    ASSIGN_OR_RETURN(tables.awards, builders_[kAwards]->Finish());
    return tables;
  }

  int64_t notices() const override { return builders_[kNotices]->rows(); }
  int64_t lots() const override { return builders_[kLots]->rows(); }
  int64_t awards() const override { return builders_[kAwards]->rows(); }
  int64_t bytes() const override {
    return builders_[kNotices]->bytes() + builders_[kLots]->bytes() + builders_[kAwards]->bytes();
  }
  const FieldMap& map() const override { return map_; }

 private:
  using Instances = std::vector<const ScopeInstance*>;

  Status Read(std::string_view xml, const NoticeOrigin& origin) {
    RETURN_IF_ERROR(document_.Parse(
        xml, {.max_bytes = options_.max_notice_bytes, .max_tree_bytes = options_.max_tree_bytes}));
    origin_ = origin;
    joins_ = 0;
    arena_.Clear();
    unread_.clear();
    RETURN_IF_ERROR(ChooseFamily());
    RETURN_IF_ERROR(walk_.Run(*program_, document_.root(), names_));
    for (auto& keys : keys_) keys.clear();
    indexed_.assign(most_references_, false);

    RETURN_IF_ERROR(Places(kLots, places_[kLots]));
    RETURN_IF_ERROR(Places(kAwards, places_[kAwards]));
    places_[kNotices].assign(1, {&walk_.instances(0)[0], nullptr});
    for (int table = kLots; table <= kAwards; ++table) RETURN_IF_ERROR(Rows(table));
    RETURN_IF_ERROR(Rows(kNotices));  // last: it tells what was unread in the others
    return Append();
  }

  Status ChooseFamily() {
    const pugi::xml_node root = document_.root();
    names_.Reset(root, document_.namespaces_at_root());
    const std::string_view uri = names_.UriOf(root);
    const std::string_view local = LocalName(root.name());
    for (const FamilyProgram& program : programs_) {
      const NameId id = program.Find(XmlNames::SpaceOf(*program.family, uri), local);
      for (const NameTest& test : program.roots) {
        if (!test.Holds(id)) continue;
        program_ = &program;
        names_.Use(program_);
        return Status::OK();
      }
    }
    return MakeError(ErrorCode::kInvalidData,
                     fmt::format("no notice of a known schema: its root is {} of the namespace {}", local,
                                 uri.empty() ? "(none)" : uri),
                     "a schema with another namespace is added to `namespaces` of the field map");
  }

  // The places of a table's rows, in the order of the document.
  Status Places(int table, std::vector<RowPlace>& places) {
    places.clear();
    const auto& instances = walk_.instances(static_cast<size_t>(table));
    uint16_t alternative = std::numeric_limits<uint16_t>::max();
    for (const ScopeInstance& row : instances) alternative = std::min(alternative, row.alternative);
    const ProgramRows& rows = program_->rows[table];
    for (const ScopeInstance& row : instances) {
      if (row.alternative != alternative) continue;
      Instances each;
      if (rows.each_reference >= 0) {
        for (const ProgramChain& chain : rows.each)
          RETURN_IF_ERROR(Follow({&row, nullptr}, chain, {.elements = &each}));
        if (!rows.each_with.empty()) {
          Instances with;
          for (const ScopeInstance* one : each) {
            Instances reached;
            for (const ProgramChain& chain : rows.each_with) {
              RETURN_IF_ERROR(Follow({one, nullptr}, chain, {.elements = &reached}));
            }
            if (!reached.empty()) with.push_back(one);
          }
          if (!with.empty()) each = std::move(with);
        }
      }
      if (each.empty()) each.push_back(nullptr);
      for (const ScopeInstance* one : each) places.push_back({&row, one});
      if (places.size() > kMaxRows) {
        return MakeError(ErrorCode::kTooLarge,
                         fmt::format("the notice has more than {} {}", kMaxRows, map_.tables[table].name));
      }
    }
    return Status::OK();
  }

  const ScopeInstance* Start(const RowPlace& place, FieldChain::Start start) const {
    switch (start) {
      case FieldChain::Start::kRoot: return &walk_.instances(0)[0];
      case FieldChain::Start::kEach: return place.each;
      case FieldChain::Start::kRow: break;
    }
    return place.row;
  }

  // What a chain is followed for: its texts, those that are not empty; how many values there are, with and
  // without text; or the elements of its last reference.
  struct Wanted {
    std::vector<std::string_view>* texts = nullptr;
    int64_t* count = nullptr;
    Instances* elements = nullptr;
    bool first = false;  // one text will do
  };

  std::string_view Kept(const FoundValue& value) {
    const std::string_view text = TextOf(value, *program_->family, buffer_);
    return text.data() == buffer_.data() ? arena_.Keep(text) : text;
  }

  Status Follow(const RowPlace& place, const ProgramChain& chain, const Wanted& wanted) {
    const ScopeInstance* start = Start(place, chain.start);
    if (start == nullptr || !walk_.Has(*start, chain.slot)) return Status::OK();
    if (!chain.hops.empty()) return Join(*start, chain, wanted);
    walk_.ForEach(*start, chain.slot, [&](const FoundValue& value) {
      if (wanted.count != nullptr) ++*wanted.count;
      if (wanted.texts == nullptr) return true;
      const std::string_view text = Kept(value);
      if (text.empty()) return true;
      wanted.texts->push_back(text);
      return !wanted.first;
    });
    return Status::OK();
  }

  Status Join(const ScopeInstance& start, const ProgramChain& chain, const Wanted& wanted) {
    std::vector<std::string_view> keys, next;
    const auto add = [&](const FoundValue& value) {
      const std::string_view text = Kept(value);
      if (!text.empty()) next.push_back(text);
      return true;
    };
    walk_.ForEach(start, chain.slot, add);
    for (size_t h = 0; h < chain.hops.size(); ++h) {
      const ProgramHop& hop = chain.hops[h];
      const bool last = h + 1 == chain.hops.size();
      keys.swap(next);
      next.clear();
      for (const std::string_view key : keys) {
        ASSIGN_OR_RETURN(const Instances* found, Find(hop.reference, key));
        if (found == nullptr) continue;
        joins_ += static_cast<int64_t>(found->size());
        if (joins_ > kMaxJoins)
          return MakeError(ErrorCode::kTooLarge, "the references of this notice lead to too much");
        for (const ScopeInstance* instance : *found) {
          if (last && wanted.count != nullptr) ++*wanted.count;
          if (last && wanted.elements != nullptr) wanted.elements->push_back(instance);
          if (hop.slots.empty() && (!last || wanted.texts != nullptr)) {
            add({instance->element, FieldEnd::kAllText, nullptr});
          }
          const size_t before = next.size();
          for (const uint16_t slot : hop.slots) {
            walk_.ForEach(*instance, slot, add);
            if (next.size() != before) break;
          }
        }
      }
    }
    if (wanted.texts != nullptr) wanted.texts->insert(wanted.texts->end(), next.begin(), next.end());
    return Status::OK();
  }

  // The elements of a reference with this key; null: none.
  Result<const Instances*> Find(uint16_t reference, std::string_view key) {
    auto& keys = keys_[reference];
    if (!indexed_[reference]) {
      indexed_[reference] = true;
      const size_t scope = kFirstReference + reference;
      uint16_t alternative = std::numeric_limits<uint16_t>::max();
      for (const ScopeInstance& one : walk_.instances(scope))
        alternative = std::min(alternative, one.alternative);
      for (const ScopeInstance& one : walk_.instances(scope)) {
        if (one.alternative != alternative) continue;
        std::vector<std::string_view> texts;
        for (const ProgramChain& chain : program_->keys[reference]) {
          RETURN_IF_ERROR(Follow({&one, nullptr}, chain, {.texts = &texts}));
        }
        for (const std::string_view text : texts) keys[text].push_back(&one);
      }
    }
    const auto found = keys.find(key);
    return found == keys.end() ? nullptr : &found->second;
  }

  Status Rows(int table) {
    auto& rows = cells_[table];
    const auto& columns = map_.tables[table].columns;
    if (rows.size() < places_[table].size()) rows.resize(places_[table].size());
    for (size_t r = 0; r < places_[table].size(); ++r) {
      rows[r].resize(columns.size());
      for (size_t c = 0; c < columns.size(); ++c) {
        Cell& cell = rows[r][c];
        cell.null = true;
        RETURN_IF_ERROR(Fill(table, c, places_[table][r], static_cast<int64_t>(r + 1), cell));
        if (cell.null && columns[c].required) {
          return MakeError(ErrorCode::kInvalidData,
                           fmt::format("the notice has no {} ({}, {})", columns[c].name,
                                       map_.tables[table].name, program_->family->name));
        }
      }
    }
    return Status::OK();
  }

  void SetText(Cell& cell, std::string_view text) {
    if (text.empty()) return;
    cell.text = text;
    cell.null = false;
  }

  Status Fill(int table, size_t column_index, const RowPlace& place, int64_t number, Cell& cell) {
    const FieldColumn& column = map_.tables[table].columns[column_index];
    const auto whole = [&](int64_t value) {
      cell.whole = value;
      cell.null = false;
      return Status::OK();
    };
    switch (column.given) {
      case FieldGiven::kArchive: SetText(cell, origin_.archive); return Status::OK();
      case FieldGiven::kEntry: SetText(cell, origin_.entry); return Status::OK();
      case FieldGiven::kFamily: SetText(cell, program_->family->name); return Status::OK();
      case FieldGiven::kRow: return whole(number);
      case FieldGiven::kLots: return whole(static_cast<int64_t>(places_[kLots].size()));
      case FieldGiven::kAwards: return whole(static_cast<int64_t>(places_[kAwards].size()));
      case FieldGiven::kUnread: SetText(cell, unread_); return Status::OK();
      case FieldGiven::kNone: break;
    }
    const FieldSource& source = column.of[static_cast<size_t>(program_->family - map_.families.data())];
    if (source.constant) {
      texts_.assign(1, *source.constant);
      return Value(column, source, cell);
    }
    const bool counts = column.take == FieldTake::kCount;
    const bool first = column.take == FieldTake::kFirst;
    for (const ProgramPath& path : program_->columns[table][column_index]) {
      texts_.clear();
      int64_t count = 0;
      for (const ProgramChain& chain : path) {
        RETURN_IF_ERROR(Follow(place, chain,
                               counts ? Wanted{.count = &count} : Wanted{.texts = &texts_, .first = first}));
        if (first && !texts_.empty()) break;
      }
      if (counts) {
        if (count != 0) return whole(count);
        continue;
      }
      if (texts_.empty()) continue;
      return Value(column, source, cell);
    }
    if (counts && !program_->columns[table][column_index].empty()) return whole(0);
    return Status::OK();
  }

  // texts_ as the column's value.
  Status Value(const FieldColumn& column, const FieldSource& source, Cell& cell) {
    if (column.take == FieldTake::kLast) texts_ = {texts_.back()};
    if (column.take == FieldTake::kFirst) texts_.resize(1);
    const std::string& list = source.codes.empty() ? column.codes : source.codes;
    const auto codes = list.empty() ? map_.codes.end() : map_.codes.find(list);
    for (std::string_view& text : texts_) {
      if (!IsValid(text)) {
        return MakeError(ErrorCode::kInvalidData,
                         fmt::format("{} has characters that there are not", column.name));
      }
      if (codes != map_.codes.end()) {
        const auto code = codes->second.find(text);
        if (code != codes->second.end()) text = code->second;
      }
      if (column.notice_number) text = arena_.Keep(PlainNoticeNumber(text));
      if (source.trim != 0) text.remove_prefix(std::min(text.find_first_not_of(source.trim), text.size()));
      if (!source.prefix.empty()) text = arena_.Keep(source.prefix + std::string(text));
    }
    if (column.take == FieldTake::kAll || column.take == FieldTake::kDistinct) {
      std::string joined;
      for (size_t i = 0; i < texts_.size(); ++i) {
        if (column.take == FieldTake::kDistinct && IsRepeated(i)) continue;
        if (i != 0) joined += column.separator;
        joined += texts_[i];
      }
      SetText(cell, arena_.Keep(joined));
      return Status::OK();
    }
    // One, or a sum or an `any` of all that can be read.
    Cell one;
    for (const std::string_view text : texts_) {
      if (text.empty()) continue;
      if (!ReadCell(column.type, text, one, arena_)) {
        Unread(column.name, text);
        continue;
      }
      if (cell.null || (column.take != FieldTake::kSum && column.take != FieldTake::kAny)) {
        cell = one;
      } else if (column.take == FieldTake::kSum) {
        cell.whole += one.whole;
        cell.number += one.number;
      } else {
        cell.whole |= one.whole;
      }
    }
    return Status::OK();
  }

  bool IsRepeated(size_t index) {
    if (index == 0) seen_.clear();
    return !seen_.insert(texts_[index]).second;
  }

  void Unread(std::string_view column, std::string_view text) {
    if (unread_.size() > kMaxUnread) return;
    if (!unread_.empty()) unread_ += "; ";
    unread_ += fmt::format("{}: {}", column, text);
  }

  Status Append() {
    for (const int table : {kLots, kAwards, kNotices}) {
      for (size_t r = 0; r < places_[table].size(); ++r) {
        row_.clear();
        for (const int copied : map_.tables[table].copied) row_.push_back(&cells_[kNotices][0][copied]);
        for (const Cell& cell : cells_[table][r]) row_.push_back(&cell);
        RETURN_IF_ERROR(builders_[table]->Append(row_));
      }
      if (cells_[table].size() > kKeptRows) cells_[table] = std::vector<std::vector<Cell>>(1);
    }
    return Status::OK();
  }

  const FieldMap map_;
  const NoticeReaderOptions options_;
  std::vector<FamilyProgram> programs_;
  std::vector<std::unique_ptr<TableBuilder>> builders_;

  // Of the notice that is read now; kept between notices for their memory.
  XmlDocument document_;
  XmlNames names_;
  NoticeWalk walk_;
  NoticeOrigin origin_;
  const FamilyProgram* program_ = nullptr;
  size_t most_references_ = 0;
  std::vector<std::unordered_map<std::string_view, Instances>> keys_;  // by reference
  std::vector<bool> indexed_;
  std::array<std::vector<RowPlace>, 3> places_;
  std::array<std::vector<std::vector<Cell>>, 3> cells_;
  std::vector<const Cell*> row_;
  std::vector<std::string_view> texts_;
  std::set<std::string_view> seen_;
  TextArena arena_;
  std::string buffer_;
  std::string unread_;
  int64_t joins_ = 0;
};

}  // namespace

Result<std::unique_ptr<NoticeReader>> NoticeReader::Make(FieldMap map, NoticeReaderOptions options) {
  auto reader = std::make_unique<Reader>(std::move(map), options);
  RETURN_IF_ERROR(reader->Compile());
  return reader;
}

}  // namespace penstock::source::ted
