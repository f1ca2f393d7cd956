#include "lake/hive_type.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"

namespace penstock::lake {
namespace {

using Kind = HiveType::Kind;

constexpr int kMostLevels = 32;
constexpr int kMostPrecision = 38, kMostChar = 255, kMostVarchar = 65535;

struct Word {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Word, 22> kWords{
    {{"boolean", Kind::kBoolean}, {"tinyint", Kind::kTinyint}, {"smallint", Kind::kSmallint},
     {"int", Kind::kInt},         {"integer", Kind::kInt},     {"bigint", Kind::kBigint},
     {"float", Kind::kFloat},     {"real", Kind::kFloat},      {"double", Kind::kDouble},
     {"decimal", Kind::kDecimal}, {"numeric", Kind::kDecimal}, {"dec", Kind::kDecimal},
     {"char", Kind::kChar},       {"varchar", Kind::kVarchar}, {"string", Kind::kString},
     {"binary", Kind::kBinary},   {"date", Kind::kDate},       {"timestamp", Kind::kTimestamp},
     {"void", Kind::kVoid},       {"array", Kind::kArray},     {"map", Kind::kMap},
     {"struct", Kind::kStruct}}};

constexpr std::string_view kKnown =
    "boolean, tinyint, smallint, int, bigint, float, double, decimal(p,s), date, timestamp, string, char(n), "
    "varchar(n), binary, array<…>, map<…,…> or struct<name:…>";

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  Result<HiveType> Whole() {
    ASSIGN_OR_RETURN(auto type, Type(0));
    if (!Spaces().empty()) return Bad(fmt::format("nothing may follow, got '{}'", rest_.substr(0, 40)));
    return type;
  }

 private:
  Status Bad(std::string_view what) const {
    return MakeError(ErrorCode::kInvalidData, fmt::format("the type '{}' at {}: {}", text_.substr(0, 200),
                                                          text_.size() - rest_.size() + 1, what));
  }
  std::string_view Spaces() {
    return rest_ = rest_.substr(std::min(rest_.find_first_not_of(' '), rest_.size()));
  }
  bool Take(char c) {
    if (!Spaces().starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Status Expect(char c) { return Take(c) ? Status::OK() : Bad(fmt::format("expected '{}'", c)); }
  std::string_view Until(std::string_view ends) {
    const std::string_view word = Spaces().substr(0, std::min(rest_.find_first_of(ends), rest_.size()));
    rest_.remove_prefix(word.size());
    return TrimAscii(word);
  }
  Result<int> Number(int least, int most) {
    const std::string_view digits = Until(",)");
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number < least || number > most) {
      return Bad(fmt::format("expected a number from {} to {}, got '{}'", least, most, digits));
    }
    return number;
  }

  Result<HiveType> Type(int level) {
    if (level > kMostLevels) return Bad(fmt::format("more than {} levels", kMostLevels));
    const std::string word = AsciiLower(Until("<>(),:"));
    const auto* known =
        std::find_if(kWords.begin(), kWords.end(), [&](const Word& each) { return each.name == word; });
    if (known == kWords.end()) return Bad(fmt::format("expected {}, got '{}'", kKnown, word));
    HiveType type;
    type.kind = known->kind;
    switch (type.kind) {
      case Kind::kDecimal: RETURN_IF_ERROR(Decimal(&type)); break;
      case Kind::kChar:
      case Kind::kVarchar: {
        RETURN_IF_ERROR(Expect('('));
        ASSIGN_OR_RETURN(type.length, Number(1, type.kind == Kind::kChar ? kMostChar : kMostVarchar));
        RETURN_IF_ERROR(Expect(')'));
        break;
      }
      case Kind::kArray:
      case Kind::kMap: RETURN_IF_ERROR(Parts(&type, level)); break;
      case Kind::kStruct: RETURN_IF_ERROR(Members(&type, level)); break;
      default: break;
    }
    return type;
  }

  Status Decimal(HiveType* type) {
    type->precision = 10;
    if (!Take('(')) return Status::OK();
    ASSIGN_OR_RETURN(type->precision, Number(1, kMostPrecision));
    if (Take(',')) {
      ASSIGN_OR_RETURN(type->scale, Number(0, type->precision));
    }
    return Expect(')');
  }

  Status Parts(HiveType* type, int level) {
    RETURN_IF_ERROR(Expect('<'));
    ASSIGN_OR_RETURN(type->parts.emplace_back(), Type(level + 1));
    if (type->kind == Kind::kMap) {
      if (type->parts[0].kind >= Kind::kVoid) return Bad("the keys of a map are of a primitive type");
      RETURN_IF_ERROR(Expect(','));
      ASSIGN_OR_RETURN(type->parts.emplace_back(), Type(level + 1));
    }
    return Expect('>');
  }

  Status Members(HiveType* type, int level) {
    RETURN_IF_ERROR(Expect('<'));
    do {
      const std::string name(Until("<>(),:"));
      if (name.empty()) return Bad("expected a member's name");
      for (const auto& other : type->names) {
        if (AsciiLower(other) == AsciiLower(name)) return Bad(fmt::format("the member {} twice", name));
      }
      type->names.push_back(name);
      RETURN_IF_ERROR(Expect(':'));
      ASSIGN_OR_RETURN(type->parts.emplace_back(), Type(level + 1));
    } while (Take(','));
    return Expect('>');
  }

  const std::string_view text_;
  std::string_view rest_;
};

}  // namespace

Result<HiveType> ParseHiveType(std::string_view text) { return Reader(text).Whole(); }

std::shared_ptr<arrow::DataType> ArrowTypeOf(const HiveType& type) {
  switch (type.kind) {
    case Kind::kBoolean: return arrow::boolean();
    case Kind::kTinyint: return arrow::int8();
    case Kind::kSmallint: return arrow::int16();
    case Kind::kInt: return arrow::int32();
    case Kind::kBigint: return arrow::int64();
    case Kind::kFloat: return arrow::float32();
    case Kind::kDouble: return arrow::float64();
    case Kind::kDecimal: return arrow::decimal128(type.precision, type.scale);
    case Kind::kDate: return arrow::date32();
    case Kind::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::kBinary: return arrow::binary();
    case Kind::kChar:
    case Kind::kVarchar:
    case Kind::kString:
    case Kind::kVoid: break;
    // "element": as Parquet calls it, so that what is read back is of the same type.
    case Kind::kArray: return arrow::list(arrow::field("element", ArrowTypeOf(type.parts[0])));
    case Kind::kMap: return arrow::map(ArrowTypeOf(type.parts[0]), ArrowTypeOf(type.parts[1]));
    case Kind::kStruct: {
      arrow::FieldVector members;
      for (size_t i = 0; i < type.parts.size(); ++i) {
        members.push_back(arrow::field(type.names[i], ArrowTypeOf(type.parts[i])));
      }
      return arrow::struct_(std::move(members));
    }
  }
  return arrow::utf8();
}

}  // namespace penstock::lake
