// The columns of tables whose files change over time: what each file has, united so that every value of every
// file fits. A new column, one that is gone and one of another type never fail.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lake/catalog.h"

namespace penstock::lake {

// Hive's word for a type of Arrow's: what a catalog calls it. "void" is a column that no file has a value of
// yet; "string" what has no word of its own.
std::string_view HiveTypeOf(const arrow::DataType& type);

// The narrowest type that holds the values of both: the wider of two whole numbers; double for a whole number
// and one with a fraction; timestamp for a day and a time; the other one for "void"; string for all that is
// mixed otherwise.
std::string UnitedType(std::string_view a, std::string_view b);

std::vector<CatalogColumn> ColumnsOf(const arrow::Schema& schema);

// All of `known` in its order, widened where it must be, then the new ones of `more`. SQL knows no case in
// names, so neither does this: the spelling that came first stays.
std::vector<CatalogColumn> UniteColumns(const std::vector<CatalogColumn>& known,
                                        const std::vector<CatalogColumn>& more);

// Names that every engine tells apart: UTF-8, none empty ("column_3"), none that differs from an earlier one
// in case only ("volume_2").
std::shared_ptr<arrow::Schema> WithDistinctNames(const arrow::Schema& schema);

}  // namespace penstock::lake
