#include "lake/catalog.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/json.h"
#include "lake/column_union.h"

namespace penstock::lake {

json::array CatalogColumnsJson(const std::vector<CatalogColumn>& columns) {
  json::array list;
  for (const auto& column : columns) {
    list.push_back(json::object{{"name", column.name},
                                {"type", column.type},
                                {"nullable", column.nullable},
                                {"comment", column.comment}});
  }
  return list;
}

Result<std::vector<CatalogColumn>> ParseCatalogColumns(ObjectView entry, std::string_view key) {
  ASSIGN_OR_RETURN(const auto* list, GetArray(entry, key));
  std::vector<CatalogColumn> columns;
  for (const auto& item : *list) {
    CatalogColumn column;
    ASSIGN_OR_RETURN(column.name, GetString(item, "name"));
    ASSIGN_OR_RETURN(column.type, GetString(item, "type"));
    ASSIGN_OR_RETURN(column.comment, GetStringOr(item, "comment", ""));
    ASSIGN_OR_RETURN(column.nullable, GetBoolOr(item, "nullable", true));
    columns.push_back(std::move(column));
  }
  return columns;
}

namespace {

constexpr int kMaxTries = 64;

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > 128 || name[0] < 'a' || name[0] > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
}

json::object EntryJson(const TableEntry& entry) {
  json::object out{{"table", entry.table},
                   {"prefix", entry.prefix},
                   {"format", entry.format},
                   {"columns", CatalogColumnsJson(entry.columns)},
                   {"partition_columns", CatalogColumnsJson(entry.partition_columns)},
                   {"rejected_prefix", entry.rejected_prefix},
                   {"description", entry.description}};
  if (entry.evolving) out["evolving"] = true;
  if (!entry.files.empty()) out["files"] = entry.files;
  if (!entry.unique.empty()) out["unique"] = json::value_from(entry.unique);
  if (entry.unqualified) out["unqualified"] = true;
  if (entry.declared) out["declared"] = true;
  return out;
}

Result<TableEntry> ParseEntry(const json::value& value, std::string_view database) {
  TableEntry entry;
  entry.database = database;
  ASSIGN_OR_RETURN(entry.table, GetString(value, "table"));
  ASSIGN_OR_RETURN(entry.prefix, GetString(value, "prefix"));
  ASSIGN_OR_RETURN(entry.format, GetString(value, "format"));
  ASSIGN_OR_RETURN(entry.columns, ParseCatalogColumns(value, "columns"));
  ASSIGN_OR_RETURN(entry.partition_columns, ParseCatalogColumns(value, "partition_columns"));
  ASSIGN_OR_RETURN(entry.rejected_prefix, GetStringOr(value, "rejected_prefix", ""));
  ASSIGN_OR_RETURN(entry.description, GetStringOr(value, "description", ""));
  ASSIGN_OR_RETURN(entry.evolving, GetBoolOr(value, "evolving", false));
  ASSIGN_OR_RETURN(entry.unqualified, GetBoolOr(value, "unqualified", false));
  ASSIGN_OR_RETURN(entry.declared, GetBoolOr(value, "declared", false));
  if (const auto* unique = value.get_object().if_contains("unique")) {
    const auto columns = json::try_value_to<std::vector<std::string>>(*unique);
    if (!columns) return MakeError(ErrorCode::kInvalidData, "\"unique\": expected a list of columns");
    entry.unique = *columns;
  }
  ASSIGN_OR_RETURN(entry.files, GetStringOr(value, "files", ""));
  RETURN_IF_ERROR(CheckEntry(entry));
  return entry;
}

using Entries = std::map<std::string, TableEntry, std::less<>>;

Result<Entries> ParseEntries(std::string_view text, std::string_view database) {
  ASSIGN_OR_RETURN(const auto value, ParseJson(text));
  ASSIGN_OR_RETURN(const auto* tables, GetArray(value, "tables"));
  Entries entries;
  for (const auto& item : *tables) {
    ASSIGN_OR_RETURN(auto entry, ParseEntry(item, database));
    entries[entry.table] = std::move(entry);
  }
  return entries;
}

}  // namespace

struct StoreCatalog::Stored {
  Entries entries;
  std::optional<store::Etag> etag;  // nothing: there is no object
};

Status CheckEntry(const TableEntry& entry) {
  const auto bad = [&](std::string_view what, std::string_view value) {
    return MakeError(ErrorCode::kInvalidData, fmt::format("catalog entry {}.{}: {}, got '{}'", entry.database,
                                                          entry.table, what, value));
  };
  if (!IsName(entry.database))
    return bad("a database's name is lower-case letters, digits and '_'", entry.database);
  if (!IsName(entry.table)) return bad("a table's name is lower-case letters, digits and '_'", entry.table);
  if (entry.prefix.empty() || entry.prefix.back() != '/')
    return bad("the prefix ends with '/'", entry.prefix);
  if (entry.columns.empty()) return bad("a table has columns", "none");
  std::set<std::string> names;
  for (const auto* columns : {&entry.columns, &entry.partition_columns}) {
    for (const auto& column : *columns) {
      if (column.name.empty() || !names.insert(column.name).second)
        return bad("each column has a name of its own", column.name);
    }
  }
  for (const auto& column : entry.unique) {
    if (!names.contains(column)) return bad("rows are told apart by columns that it has", column);
  }
  return Status::OK();
}

std::string StoreCatalog::KeyOf(std::string_view database) const {
  return fmt::format("{}catalog/{}.json", prefix_, database);
}

Result<StoreCatalog::Stored> StoreCatalog::Load(std::string_view database) {
  Stored stored;
  if (!IsName(database)) return stored;
  const auto object = store_.Get(KeyOf(database));
  if (!object.ok()) {
    if (CodeOf(object.status()) == ErrorCode::kNotFound) return stored;
    return object.status();
  }
  auto entries = ParseEntries(object->bytes, database);
  if (!entries.ok()) {
    return MakeError(ErrorCode::kCorrupt,
                     fmt::format("{} is not a catalog: {}", object->info.key, entries.status().message()),
                     "delete it; the next `penstock run` or `penstock process` of the pipeline registers its "
                     "tables again");
  }
  stored.entries = std::move(*entries);
  stored.etag = object->info.etag;
  return stored;
}

template <typename Change>
Status StoreCatalog::Update(std::string_view database, const Change& change) {
  for (int attempt = 0; attempt < kMaxTries; ++attempt) {
    ASSIGN_OR_RETURN(auto stored, Load(database));
    auto entries = stored.entries;
    change(entries);
    if (entries == stored.entries) return Status::OK();
    json::array tables;
    for (const auto& [name, entry] : entries) tables.push_back(EntryJson(entry));
    const std::string text =
        ToPrettyJson(json::object{{"database", database}, {"tables", std::move(tables)}});
    const auto put = store_.Put(KeyOf(database), text, {.if_absent = !stored.etag, .if_match = stored.etag});
    if (put.ok()) return Status::OK();
    const auto code = CodeOf(put.status());
    if (code != ErrorCode::kAlreadyExists && code != ErrorCode::kPreconditionFailed) return put.status();
  }
  return MakeError(
      ErrorCode::kConflict,
      fmt::format("{}: other processes wrote it before each of {} tries", KeyOf(database), kMaxTries),
      "run it again when the others are done");
}

Status StoreCatalog::RegisterTable(const TableEntry& entry) {
  RETURN_IF_ERROR(CheckEntry(entry));
  return Update(entry.database, [&](Entries& entries) { entries[entry.table] = entry; });
}

Status StoreCatalog::MergeTables(const std::vector<TableEntry>& entries) {
  if (entries.empty()) return Status::OK();
  for (const auto& entry : entries) {
    RETURN_IF_ERROR(CheckEntry(entry));
    if (entry.database == entries.front().database) continue;
    return MakeError(ErrorCode::kInvalidData, fmt::format("tables of two databases at once: {} and {}",
                                                          entries.front().database, entry.database));
  }
  return Update(entries.front().database, [&](Entries& known) {
    for (const auto& entry : entries) {
      const auto [place, is_new] = known.try_emplace(entry.table, entry);
      if (is_new) continue;
      auto columns = UniteColumns(place->second.columns, entry.columns);
      place->second = entry;
      place->second.columns = std::move(columns);
    }
  });
}

Result<TableEntry> StoreCatalog::GetTable(std::string_view database, std::string_view table) {
  ASSIGN_OR_RETURN(const auto stored, Load(database));
  const auto it = stored.entries.find(table);
  if (it != stored.entries.end()) return it->second;
  return MakeError(ErrorCode::kNotFound,
                   fmt::format("no table {}.{} in the catalog of {}", database, table, store_.uri()),
                   "`penstock tables ls` lists the tables");
}

Result<std::vector<TableEntry>> StoreCatalog::ListTables(std::string_view database) {
  ASSIGN_OR_RETURN(auto stored, Load(database));
  std::vector<TableEntry> list;
  for (auto& [name, entry] : stored.entries) list.push_back(std::move(entry));
  return list;
}

Result<std::vector<std::string>> StoreCatalog::ListDatabases() {
  const std::string folder = prefix_ + "catalog/";
  ASSIGN_OR_RETURN(const auto objects, store::ListAll(store_, folder));
  std::vector<std::string> names;
  for (const auto& object : objects) {
    std::string_view name = std::string_view(object.key).substr(folder.size());
    if (!name.ends_with(".json")) continue;
    name.remove_suffix(5);
    if (!IsName(name)) continue;
    ASSIGN_OR_RETURN(const auto stored, Load(name));
    if (!stored.entries.empty()) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status StoreCatalog::Drop(std::string_view database, std::string_view table) {
  return Update(database, [&](Entries& entries) {
    if (const auto it = entries.find(table); it != entries.end()) entries.erase(it);
  });
}

std::string DatabaseOfPipeline(std::string_view pipeline) {
  std::string name(pipeline);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

TableEntry EntryOf(const TableSpec& spec, std::string database, const TableLayout& layout,
                   std::string description) {
  TableEntry entry;
  entry.database = std::move(database);
  entry.table = spec.name;
  entry.prefix = layout.CleanPrefix();
  entry.rejected_prefix = layout.RejectedPrefix();
  entry.description = std::move(description);
  for (const auto& field : spec.schema->fields()) {
    entry.columns.push_back({field->name(), std::string(HiveTypeOf(*field->type())), field->nullable(), ""});
  }
  entry.partition_columns.push_back({"dt", "date", false, "the day of " + spec.partition_column});
  return entry;
}

}  // namespace penstock::lake
