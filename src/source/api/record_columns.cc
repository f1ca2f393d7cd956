#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <bit>
#include <cstdlib>

#include "source/api/cell_text.h"
#include "source/api/record_columns_internal.h"

namespace penstock::source {
namespace {

constexpr size_t kMaxColumns = 10'000;
constexpr size_t kMaxCells = 32 << 20;
// Whole numbers up to here are doubles as they are (IEEE 754 binary64).
constexpr int64_t kExact = int64_t{1} << 53;

bool IsExact(int64_t value) { return value >= -kExact && value <= kExact; }

template <typename Byte, typename IsSet>
std::shared_ptr<arrow::Buffer> PackBits(const std::vector<Byte>& cells, IsSet is_set) {
  std::vector<uint8_t> bits((cells.size() + 7) / 8);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (is_set(cells[i])) bits[i / 8] |= static_cast<uint8_t>(1U << (i % 8));
  }
  return arrow::Buffer::FromVector(std::move(bits));
}

}  // namespace

void RecordColumn::PadTo(size_t rows) {
  if (size_ >= rows) return;
  if (nulls_ == 0) valid_.assign(size_, 1);
  nulls_ += rows - size_;
  size_ = rows;
  valid_.resize(rows, 0);
  if (kind_ == Kind::kText) {
    ends_.resize(rows + 1, ends_.back());
  } else if (kind_ != Kind::kNone) {
    words_.resize(rows, 0);
  }
}

// False: the cell cannot be kept; the column is mixed.
bool RecordColumn::Become(Kind kind) {
  if (mixed_) return false;
  if (kind_ == kind) return true;
  if (kind_ == Kind::kNone) {
    kind_ = kind;
    if (kind == Kind::kText) {
      ends_.assign(size_ + 1, 0);
    } else {
      words_.assign(size_, 0);
    }
    return true;
  }
  if (kind_ == Kind::kInt && kind == Kind::kDouble) {
    ToDoubles();
    return !mixed_;
  }
  mixed_ = true;
  return false;
}

void RecordColumn::ToDoubles() {
  for (int64_t& word : words_) {
    if (!IsExact(word)) mixed_ = true;
    word = std::bit_cast<int64_t>(static_cast<double>(word));
  }
  kind_ = Kind::kDouble;
}

void RecordColumn::AddWord(size_t row, int64_t word) {
  PadTo(row);
  words_.push_back(word);
  if (nulls_ > 0) valid_.push_back(1);
  ++size_;
}

void RecordColumn::AddInt(size_t row, int64_t value, std::string_view token) {
  if (as_text_) return AddText(row, token);
  if (kind_ == Kind::kDouble) {
    if (!IsExact(value)) mixed_ = true;
    return AddWord(row, std::bit_cast<int64_t>(static_cast<double>(value)));
  }
  if (Become(Kind::kInt)) AddWord(row, value);
}

void RecordColumn::AddDouble(size_t row, double value, std::string_view token) {
  if (as_text_) return AddText(row, token);
  if (Become(Kind::kDouble)) AddWord(row, std::bit_cast<int64_t>(value));
}

void RecordColumn::AddBool(size_t row, bool value, std::string_view token) {
  if (as_text_) return AddText(row, token);
  if (Become(Kind::kBool)) AddWord(row, value ? 1 : 0);
}

void RecordColumn::AddText(size_t row, std::string_view text) {
  if (!Become(Kind::kText)) return;
  PadTo(row);
  text_ += text;
  ends_.push_back(static_cast<int32_t>(text_.size()));
  if (nulls_ > 0) valid_.push_back(1);
  ++size_;
}

std::string_view RecordColumn::TextAt(size_t row) const {
  const auto begin = static_cast<size_t>(ends_[row]);
  return std::string_view(text_).substr(begin, static_cast<size_t>(ends_[row + 1]) - begin);
}

std::shared_ptr<arrow::Buffer> RecordColumn::Validity() const {
  return nulls_ == 0 ? nullptr : PackBits(valid_, [](uint8_t cell) { return cell != 0; });
}

Result<std::shared_ptr<arrow::Array>> RecordColumn::Finish(size_t rows, const ColumnType* declared) {
  PadTo(rows);
  if (declared != nullptr && *declared != ColumnType::kString) {
    // Text throughout, for it was read so; nothing but nulls has the type all the same.
    if (!Become(Kind::kText))
      return MakeError(ErrorCode::kInternal, "a declared column was not read as text");
    return Convert(*declared);
  }
  const auto length = static_cast<int64_t>(rows);
  const auto nulls = static_cast<int64_t>(nulls_);
  const auto make = [&](std::shared_ptr<arrow::DataType> type,
                        std::vector<std::shared_ptr<arrow::Buffer>> buffers) {
    return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), length, std::move(buffers), nulls));
  };
  if (declared != nullptr && !Become(Kind::kText)) return MakeError(ErrorCode::kInternal, "as above");
  switch (kind_) {
    case Kind::kNone: return std::make_shared<arrow::NullArray>(length);
    case Kind::kBool:
      return make(arrow::boolean(), {Validity(), PackBits(words_, [](int64_t word) { return word != 0; })});
    case Kind::kInt: return make(arrow::int64(), {Validity(), arrow::Buffer::FromVector(std::move(words_))});
    case Kind::kDouble:
      return make(arrow::float64(), {Validity(), arrow::Buffer::FromVector(std::move(words_))});
    case Kind::kText: break;
  }
  return make(arrow::utf8(), {Validity(), arrow::Buffer::FromVector(std::move(ends_)),
                              arrow::Buffer::FromString(std::move(text_))});
}

Result<std::shared_ptr<arrow::Array>> RecordColumn::Convert(ColumnType type) {
  std::vector<int64_t> words(size_);
  for (size_t row = 0; row < size_; ++row) {
    if (nulls_ > 0 && valid_[row] == 0) continue;
    const std::string_view text = TextAt(row);
    if (text.empty()) {  // as much as nothing, where no text is wanted
      if (nulls_ == 0) valid_.assign(size_, 1);
      ++nulls_;
      valid_[row] = 0;
      continue;
    }
    const auto word = CellAs(type, text);
    if (!word) {
      return MakeError(
          ErrorCode::kInvalidData,
          fmt::format("row {}: {}: expected {}, got {}", row + 1, name_, Expected(type), text.substr(0, 60)),
          "declare the column otherwise (source.columns), or leave its type to what stands there");
    }
    words[row] = *word;
  }
  std::shared_ptr<arrow::DataType> out = arrow::int64();
  std::shared_ptr<arrow::Buffer> cells;
  switch (type) {
    case ColumnType::kBool:
      out = arrow::boolean();
      cells = PackBits(words, [](int64_t word) { return word != 0; });
      break;
    case ColumnType::kDate: {
      out = arrow::date32();
      cells = arrow::Buffer::FromVector(std::vector<int32_t>(words.begin(), words.end()));
      break;
    }
    case ColumnType::kDouble: out = arrow::float64(); break;
    case ColumnType::kTimestamp:
    case ColumnType::kSeconds:
    case ColumnType::kMilliseconds: out = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"); break;
    default: break;
  }
  if (cells == nullptr) cells = arrow::Buffer::FromVector(std::move(words));
  return arrow::MakeArray(arrow::ArrayData::Make(out, static_cast<int64_t>(size_), {Validity(), cells},
                                                 static_cast<int64_t>(nulls_)));
}

RecordColumn& RecordColumns::At(std::string_view name) {
  const auto [place, added] = places_.try_emplace(std::string(name), columns_.size());
  if (added)
    columns_.emplace_back(place->first, options_.columns.contains(name) || as_text_.contains(place->first));
  next_ = place->second + 1;
  return columns_[place->second];
}

RecordColumn& RecordColumns::Next(std::string_view name) {
  if (next_ < columns_.size() && columns_[next_].name() == name) return columns_[next_++];
  return At(name);
}

Status RecordColumns::BeginRow() {
  ++rows_;
  next_ = 0;
  return CheckSize();
}

Status RecordColumns::CheckSize() const {
  if (columns_.size() <= kMaxColumns && rows_ * columns_.size() <= kMaxCells) return Status::OK();
  return MakeError(ErrorCode::kTooLarge,
                   fmt::format("{} rows of {} columns: {} columns and {} cells are the most", rows_,
                               columns_.size(), kMaxColumns, kMaxCells),
                   "ask for less at once; an object whose keys are data has a {name} in source.records");
}

void RecordColumns::AddMixedTo(std::set<std::string>* names) const {
  for (const RecordColumn& column : columns_) {
    if (column.mixed()) names->insert(column.name());
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> RecordColumns::Finish() {
  RETURN_IF_ERROR(CheckSize());  // the last row may have brought columns
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  fields.reserve(columns_.size());
  arrays.reserve(columns_.size());
  for (RecordColumn& column : columns_) {
    const auto declared = options_.columns.find(column.name());
    ASSIGN_OR_RETURN(auto array,
                     column.Finish(rows_, declared == options_.columns.end() ? nullptr : &declared->second));
    fields.push_back(arrow::field(column.name(), array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<int64_t>(rows_),
                                  std::move(arrays));
}

}  // namespace penstock::source
