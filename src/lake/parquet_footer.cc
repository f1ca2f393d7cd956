#include "lake/parquet_footer.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace penstock::lake {
namespace {

using Type = ThriftType;

Status Corrupt(std::string_view what) {
  return MakeError(ErrorCode::kCorrupt, fmt::format("footer of a Parquet file: {}", what));
}

bool IsInt(Type type) { return type == Type::kI16 || type == Type::kI32 || type == Type::kI64; }

// A field of these is found at its id and of its type, or skipped.
struct Fields {
  ThriftReader& in;
  int16_t id;
  Type type;
  template <typename T>
  bool Int(int16_t at, T& to) const {
    if (id != at || !IsInt(type)) return false;
    to = static_cast<T>(in.Int());
    return true;
  }
  template <typename T>
  bool Text(int16_t at, T& to) const {
    if (id != at || type != Type::kBinary) return false;
    to = in.Binary();
    return true;
  }
  template <typename OnField>
  bool Struct(int16_t at, OnField&& on_field) const {
    if (id != at || type != Type::kStruct) return false;
    in.Struct([&](int16_t inner, Type inner_type) { return on_field(Fields{in, inner, inner_type}); });
    return true;
  }
  template <typename OnElement>
  bool Structs(int16_t at, OnElement&& on_element) const {
    if (id != at || type != Type::kList) return false;
    in.List([&](Type element) {
      if (element != Type::kStruct) return false;
      on_element();
      return true;
    });
    return true;
  }
};

template <typename OnField>
void ReadStruct(ThriftReader& in, OnField&& on_field) {
  in.Struct([&](int16_t id, Type type) { return on_field(Fields{in, id, type}); });
}

struct SchemaElement : FooterColumn {
  int32_t children = 0;
  bool repeated = false;
};

SchemaElement ReadSchemaElement(ThriftReader& in) {
  SchemaElement element;
  ReadStruct(in, [&](const Fields& f) {
    int32_t repetition = 0;
    if (f.Int(3, repetition)) {
      element.optional = repetition == 1;
      element.repeated = repetition == 2;
      return true;
    }
    int32_t physical = 0;
    if (f.Int(1, physical)) {
      element.physical = static_cast<PhysicalType>(physical);
      return true;
    }
    return f.Text(4, element.name) || f.Int(5, element.children) || f.Int(6, element.converted) ||
           f.Struct(10, [&](const Fields& logical) {
             element.logical = logical.id;
             return logical.Struct(8, [&](const Fields& stamp) {
               if (stamp.id == 1) element.is_utc = stamp.type == Type::kTrue;
               return stamp.Struct(2, [&](const Fields& unit) {
                 element.time_unit = unit.id;
                 return false;
               });
             });
           });
  });
  return element;
}

void ReadExactness(const Fields& f, bool& exact_min, bool& exact_max) {
  if (f.id == 7) exact_max = f.type == Type::kTrue;
  if (f.id == 8) exact_min = f.type == Type::kTrue;
}

FooterChunk ReadChunk(ThriftReader& in) {
  FooterChunk chunk;
  int64_t data = -1;
  int64_t dictionary = -1;
  bool exact_min = true;
  bool exact_max = true;
  ReadStruct(in, [&](const Fields& column) {
    return column.Struct(3, [&](const Fields& f) {
      int32_t physical = 0;
      if (f.Int(1, physical)) {
        chunk.physical = static_cast<PhysicalType>(physical);
        return true;
      }
      return f.Int(4, chunk.codec) || f.Int(5, chunk.values) || f.Int(7, chunk.compressed_bytes) ||
             f.Int(9, data) || f.Int(11, dictionary) || f.Struct(12, [&](const Fields& statistic) {
               ReadExactness(statistic, exact_min, exact_max);
               return statistic.Int(3, chunk.nulls) || statistic.Text(5, chunk.max) ||
                      statistic.Text(6, chunk.min);
             });
    });
  });
  chunk.has_dictionary = dictionary > 0;
  chunk.begin = dictionary > 0 ? std::min(dictionary, data) : data;
  if (!exact_min) chunk.min.reset();
  if (!exact_max) chunk.max.reset();
  return chunk;
}

}  // namespace

Result<ParquetFooter> ParquetFooter::Parse(std::string_view tail, int64_t file_bytes) {
  const auto size = static_cast<int64_t>(tail.size());
  if (size < kTrailerBytes || size > file_bytes || !tail.ends_with("PAR1")) return Corrupt("no end of one");
  uint32_t length = 0;  // little-endian
  std::memcpy(&length, tail.data() + size - kTrailerBytes, sizeof length);
  const int64_t footer_bytes = length + kTrailerBytes;
  if (footer_bytes + 4 > file_bytes) return Corrupt("it is longer than the file");
  if (footer_bytes > size) {
    return MakeError(ErrorCode::kTooLarge,
                     fmt::format("the footer has {} bytes, got the last {}", footer_bytes, size));
  }
  ParquetFooter footer;
  footer.begin_ = file_bytes - footer_bytes;
  const auto bytes = tail.substr(static_cast<size_t>(size - footer_bytes), length);
  ThriftReader in(bytes);
  bool flat = true;
  bool encrypted = false;
  ReadStruct(in, [&](const Fields& f) {
    const size_t begin = in.position();
    const auto read = [&] {
      if (f.Int(3, footer.rows_)) return true;
      if (f.Structs(2, [&] {
            const auto element = ReadSchemaElement(in);
            footer.columns_.push_back(element);
            flat = flat && !element.repeated && (footer.columns_.size() == 1 || element.children == 0);
          }))
        return true;
      size_t groups_begin = 0;
      if (f.Structs(4, [&] {
            const size_t at = in.position();
            if (footer.groups_.empty()) groups_begin = at;
            ReadStruct(in, [](const Fields&) { return false; });
            if (in.ok()) footer.groups_.push_back(bytes.substr(at, in.position() - at));
          })) {
        footer.group_bytes_ =
            footer.groups_.empty() ? "" : bytes.substr(groups_begin, in.position() - groups_begin);
        return true;
      }
      return f.Structs(5, [&] {
        std::pair<std::string_view, std::string_view> item;
        ReadStruct(in,
                   [&](const Fields& pair) { return pair.Text(1, item.first) || pair.Text(2, item.second); });
        footer.metadata_.push_back(item);
      });
    };
    encrypted = encrypted || f.id == 8;
    const bool known = read();
    // What is skipped is measured by a reader of its own: its bytes are kept as they are.
    if (!known) {
      ThriftReader skipped(bytes.substr(std::min(begin, bytes.size())));
      skipped.Skip(f.type);
      footer.fields_.push_back({f.id, f.type, bytes.substr(begin, skipped.position())});
      return false;
    }
    footer.fields_.push_back({f.id, f.type, bytes.substr(begin, in.position() - begin)});
    return true;
  });
  if (!in.ok()) return Corrupt("it does not hold together");
  if (encrypted) return Corrupt("it is encrypted");
  if (!flat || footer.columns_.size() < 2) return Corrupt("its columns are nested");
  footer.columns_.erase(footer.columns_.begin());  // the root
  return footer;
}

Result<FooterGroup> ParquetFooter::Group(size_t index) const {
  ThriftReader in(groups_[index]);
  FooterGroup group;
  group.chunks.reserve(columns_.size());
  ReadStruct(in, [&](const Fields& f) {
    return f.Int(3, group.rows) || f.Structs(1, [&] { group.chunks.push_back(ReadChunk(in)); });
  });
  if (!in.ok() || group.chunks.size() != columns_.size()) return Corrupt("a row group of other columns");
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto& chunk = group.chunks[i];
    if (chunk.physical != columns_[i].physical || chunk.values != group.rows || chunk.begin < 4 ||
        chunk.compressed_bytes < 0 || chunk.begin > begin_ || chunk.compressed_bytes > begin_ - chunk.begin) {
      return Corrupt(fmt::format("column {} of a row group does not lie in the file", columns_[i].name));
    }
  }
  return group;
}

std::optional<std::string_view> ParquetFooter::Metadata(std::string_view key) const {
  for (const auto& [name, value] : metadata_) {
    if (name == key) return value;
  }
  return std::nullopt;
}

void ParquetFooter::WriteWith(const std::vector<std::string>& groups, int64_t rows, std::string& out) const {
  const size_t begin = out.size();
  ThriftWriter writer(out);
  writer.BeginStruct();
  for (const auto& field : fields_) {
    if (field.id == 3) {
      writer.Int(3, Type::kI64, rows_ + rows);
    } else if (field.id == 4) {
      writer.BeginList(4, Type::kStruct, groups_.size() + groups.size());
      out += group_bytes_;
      for (const auto& group : groups) out += group;
    } else {
      writer.Raw(field.id, field.type, field.value);
    }
  }
  writer.EndStruct();
  const auto length = static_cast<uint32_t>(out.size() - begin);
  char trailer[kTrailerBytes] = {0, 0, 0, 0, 'P', 'A', 'R', '1'};
  std::memcpy(trailer, &length, sizeof length);
  out.append(trailer, sizeof trailer);
}

namespace {

struct Stored {
  PhysicalType physical;
  int32_t converted;  // -1: none, or any
  int16_t logical;    // -1: none
  int16_t time_unit = -1;
  bool is_utc = false;
};

std::optional<Stored> StoredAs(const arrow::DataType& type) {
  using P = PhysicalType;
  switch (type.id()) {
    case arrow::Type::BOOL: return Stored{P::kBoolean, -1, -1};
    case arrow::Type::UINT8: return Stored{P::kInt32, 11, 10};
    case arrow::Type::UINT16: return Stored{P::kInt32, 12, 10};
    case arrow::Type::UINT32: return Stored{P::kInt32, 13, 10};
    case arrow::Type::UINT64: return Stored{P::kInt64, 14, 10};
    case arrow::Type::INT8: return Stored{P::kInt32, 15, 10};
    case arrow::Type::INT16: return Stored{P::kInt32, 16, 10};
    case arrow::Type::INT32: return Stored{P::kInt32, -1, -1};
    case arrow::Type::INT64: return Stored{P::kInt64, -1, -1};
    case arrow::Type::FLOAT: return Stored{P::kFloat, -1, -1};
    case arrow::Type::DOUBLE: return Stored{P::kDouble, -1, -1};
    case arrow::Type::DATE32: return Stored{P::kInt32, 6, 6};
    case arrow::Type::STRING: return Stored{P::kByteArray, 0, 1};
    case arrow::Type::BINARY: return Stored{P::kByteArray, -1, -1};
    case arrow::Type::TIMESTAMP: {
      const auto& stamp = static_cast<const arrow::TimestampType&>(type);
      const bool utc = !stamp.timezone().empty();
      switch (stamp.unit()) {
        case arrow::TimeUnit::MILLI: return Stored{P::kInt64, -1, 8, 1, utc};
        case arrow::TimeUnit::MICRO: return Stored{P::kInt64, -1, 8, 2, utc};
        case arrow::TimeUnit::NANO: return Stored{P::kInt64, -1, 8, 3, utc};
        default: return std::nullopt;  // seconds are stored as another unit
      }
    }
    default: return std::nullopt;
  }
}

}  // namespace

bool HoldsColumns(const ParquetFooter& footer, const arrow::Schema& schema) {
  if (footer.columns().size() != static_cast<size_t>(schema.num_fields())) return false;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& column = footer.columns()[static_cast<size_t>(i)];
    const auto stored = StoredAs(*schema.field(i)->type());
    if (!stored || column.name != schema.field(i)->name() || column.physical != stored->physical)
      return false;
    const bool plain_integer = stored->logical == -1 && (column.logical == 10 || column.logical == -1) &&
                               (column.converted == -1 || column.converted == 17 || column.converted == 18);
    if (plain_integer && stored->converted == -1) continue;
    if (column.logical != -1 && column.logical != stored->logical) return false;
    if (column.logical == -1 && column.converted != stored->converted) return false;
    if (stored->converted != -1 && column.converted != -1 && column.converted != stored->converted)
      return false;
    if (column.time_unit != stored->time_unit || column.is_utc != stored->is_utc) return false;
  }
  return true;
}

}  // namespace penstock::lake
