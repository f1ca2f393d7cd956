#include "lake/parquet_page.h"

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>
#include <parquet/encoding.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace penstock::lake {
namespace {

using Kind = CellColumn::Kind;

template <typename T>
void AppendRaw(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);  // little-endian, as the format is
  out.append(bytes, sizeof bytes);
}

template <typename T>
std::string RawOf(T value) {
  std::string bytes;
  AppendRaw(bytes, value);
  return bytes;
}

// Calls what(T(), S()): the type in memory of cells of fixed width, and the one they are stored as.
template <typename What>
auto WithTypes(const CellColumn& cells, What&& what) {
  const bool is_signed = cells.kind == Kind::kSigned;
  switch (cells.width) {
    case 1: return is_signed ? what(int8_t(), int32_t()) : what(uint8_t(), uint32_t());
    case 2: return is_signed ? what(int16_t(), int32_t()) : what(uint16_t(), uint32_t());
    case 4:
      if (cells.kind == Kind::kFloat) return what(float(), float());
      return is_signed ? what(int32_t(), int32_t()) : what(uint32_t(), uint32_t());
    default:
      if (cells.kind == Kind::kFloat) return what(double(), double());
      return is_signed ? what(int64_t(), int64_t()) : what(uint64_t(), uint64_t());
  }
}

template <typename Each>
void ForEachRow(const CellColumn& cells, RowRange rows, int64_t nulls, Each&& each) {
  if (nulls == 0) {
    for (int64_t row = rows.begin; row < rows.end; ++row) each(row);
    return;
  }
  if (nulls == rows.size()) return;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    if (!cells.IsNull(row)) each(row);
  }
}

// The RLE/bit-packed hybrid behind its length: one run of equal levels, or the bits of all.
void AppendLevels(const CellColumn& cells, RowRange rows, int64_t nulls, std::string& page) {
  const size_t begin = page.size();
  AppendRaw(page, uint32_t{0});
  const auto append_header = [&](uint64_t header) {
    for (; header >= 128; header >>= 7) page += static_cast<char>(header | 128);
    page += static_cast<char>(header);
  };
  const auto count = static_cast<uint64_t>(rows.size());
  if (nulls == 0 || nulls == rows.size()) {
    append_header(count << 1);
    page += static_cast<char>(nulls == 0 ? 1 : 0);
  } else {
    append_header((count + 7) / 8 << 1 | 1);
    for (int64_t row = rows.begin; row < rows.end; row += 8) {
      uint8_t bits = 0;
      const int64_t end = std::min(rows.end - row, int64_t{8});
      for (int64_t bit = 0; bit < end; ++bit) bits |= static_cast<uint8_t>(!cells.IsNull(row + bit) << bit);
      page += static_cast<char>(bits);
    }
  }
  const auto size = static_cast<uint32_t>(page.size() - begin - sizeof(uint32_t));
  std::memcpy(page.data() + begin, &size, sizeof size);
}

void AppendBits(const CellColumn& cells, RowRange rows, int64_t nulls, std::string& page) {
  int bit = 0;
  ForEachRow(cells, rows, nulls, [&](int64_t row) {
    if (bit == 0) page += '\0';
    page.back() = static_cast<char>(page.back() | (cells.Bit(row) ? 1 << bit : 0));
    bit = (bit + 1) % 8;
  });
}

void AppendTexts(const CellColumn& cells, RowRange rows, int64_t nulls, std::string& page) {
  ForEachRow(cells, rows, nulls, [&](int64_t row) {
    const auto text = cells.Bytes(row);
    AppendRaw(page, static_cast<uint32_t>(text.size()));
    page += text;
  });
}

void AppendFixed(const StoredColumn& column, const CellColumn& cells, RowRange rows, int64_t nulls,
                 std::string& page) {
  WithTypes(cells, [&](auto cell, auto stored) {
    using T = decltype(cell);
    using S = decltype(stored);
    const T* values = cells.Values<T>();
    const size_t begin = page.size();
    const auto count = static_cast<size_t>(rows.size() - nulls);
    page.resize(begin + count * sizeof(S));
    char* to = page.data() + begin;
    if (std::is_same_v<T, S> && nulls == 0 && column.scale == 1) {
      if (count > 0) std::memcpy(to, values + rows.begin, count * sizeof(S));
      return;
    }
    ForEachRow(cells, rows, nulls, [&](int64_t row) {
      const auto value = static_cast<S>(static_cast<S>(values[row]) * static_cast<S>(column.scale));
      std::memcpy(to, &value, sizeof value);
      to += sizeof value;
    });
  });
}

// By Parquet's own encoders.
template <typename Physical, typename Values>
void AppendEncoded(parquet::Encoding::type encoding, const Values* values, size_t count, std::string& page) {
  const auto encoder = parquet::MakeTypedEncoder<Physical>(encoding);
  encoder->Put(values, static_cast<int>(count));
  page += std::string_view(*encoder->FlushValues());
}

Status AppendDifferences(const StoredColumn& column, const CellColumn& cells, RowRange rows, int64_t nulls,
                         std::string& page) {
  if (cells.kind == Kind::kBytes) {
    std::vector<parquet::ByteArray> texts;
    ForEachRow(cells, rows, nulls, [&](int64_t row) { texts.emplace_back(cells.Bytes(row)); });
    AppendEncoded<parquet::ByteArrayType>(parquet::Encoding::DELTA_BYTE_ARRAY, texts.data(), texts.size(),
                                          page);
    return Status::OK();
  }
  std::string plain;
  AppendFixed(column, cells, rows, nulls, plain);
  const auto append = [&]<typename Physical, typename T>(Physical*, T) {
    std::vector<T> values(plain.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), plain.data(), plain.size());
    AppendEncoded<Physical>(parquet::Encoding::DELTA_BINARY_PACKED, values.data(), values.size(), page);
  };
  switch (column.physical) {
    case PhysicalType::kInt32: append(static_cast<parquet::Int32Type*>(nullptr), int32_t()); break;
    case PhysicalType::kInt64: append(static_cast<parquet::Int64Type*>(nullptr), int64_t()); break;
    default: return MakeError(ErrorCode::kInternal, "writing Parquet: differences of what is no integer");
  }
  return Status::OK();
}

}  // namespace

int64_t CountNulls(const CellColumn& cells, RowRange rows) {
  int64_t nulls = 0;
  if (cells.validity == nullptr) return 0;
  for (int64_t row = rows.begin; row < rows.end; ++row) nulls += cells.IsNull(row) ? 1 : 0;
  return nulls;
}

Status AppendPage(const StoredColumn& column, const CellColumn& cells, RowRange rows, int64_t nulls,
                  std::string& page) {
  if (column.optional) AppendLevels(cells, rows, nulls, page);
  if (column.encoding != kPlain) return AppendDifferences(column, cells, rows, nulls, page);
  switch (cells.kind) {
    case Kind::kBool: AppendBits(cells, rows, nulls, page); break;
    case Kind::kBytes: AppendTexts(cells, rows, nulls, page); break;
    default: AppendFixed(column, cells, rows, nulls, page); break;
  }
  return Status::OK();
}

std::optional<ValueBounds> BoundsOf(const StoredColumn& column, const CellColumn& cells, RowRange rows,
                                    int64_t nulls) {
  if (nulls == rows.size()) return std::nullopt;
  if (cells.kind == Kind::kBool) {
    bool any[2] = {false, false};
    ForEachRow(cells, rows, nulls, [&](int64_t row) { any[cells.Bit(row) ? 1 : 0] = true; });
    return ValueBounds{std::string(1, any[0] ? '\0' : '\1'), std::string(1, any[1] ? '\1' : '\0')};
  }
  if (cells.kind == Kind::kBytes) {
    std::optional<std::string_view> min, max;
    ForEachRow(cells, rows, nulls, [&](int64_t row) {
      const auto text = cells.Bytes(row);
      if (!min || text < *min) min = text;
      if (!max || text > *max) max = text;
    });
    if (min->size() > kMaxStatistic || max->size() > kMaxStatistic) return std::nullopt;
    return ValueBounds{std::string(*min), std::string(*max)};
  }
  return WithTypes(cells, [&](auto cell, auto stored) -> std::optional<ValueBounds> {
    using T = decltype(cell);
    using S = decltype(stored);
    const T* values = cells.Values<T>();
    T min = std::numeric_limits<T>::max();
    T max = std::numeric_limits<T>::lowest();
    bool is_nan = false;
    if constexpr (std::is_floating_point_v<T>) {
      min = std::numeric_limits<T>::infinity();
      max = -min;
    }
    ForEachRow(cells, rows, nulls, [&](int64_t row) {
      const T value = values[row];
      is_nan |= value != value;
      min = value < min ? value : min;
      max = value > max ? value : max;
    });
    if (is_nan) return std::nullopt;
    const auto raw = [&](T value) {
      return RawOf(static_cast<S>(static_cast<S>(value) * static_cast<S>(column.scale)));
    };
    ValueBounds bounds{raw(min), raw(max)};
    SignZeros(column.physical, bounds);
    return bounds;
  });
}

}  // namespace penstock::lake
