// The table that a stream's objects are the files of, as the catalog has it; SQL finds it without its
// database's name.
#pragma once

#include "base/status.h"
#include "lake/catalog.h"
#include "stream/prefix_expression.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// Its prefix is the one of the stream up to the first expression, cut at the last '/'. Segments that are
// name=!{…} become partition columns: a date where the pattern is yyyy-MM-dd, otherwise texts (Athena and
// DuckDB read them from the keys). Other segments (2018/08/27/10/) have no name, and nobody asks for them:
// TableEntry::files says how deep the files lie. Format: parquet with the columns of the conversion;
// otherwise json: objects one after another, with or without newlines, compressed or not, and the columns of
// spec.json_columns. InvalidData: no prefix of its own (it begins with an expression), an error prefix below
// it, nothing that says what columns there are, or what lake::CheckEntry refuses.
// StreamSpec::table_of_catalog lets errors lie below the prefix, as Firehose puts them there by itself: they
// have no extension, and are none of its files.
Result<lake::TableEntry> TableOf(const StreamSpec& spec, const StreamPrefixes& prefixes);

// False: the prefix begins with an expression, and objects lie at the top of the bucket.
bool HasFolder(const StreamPrefixes& prefixes);

// Whether the files of `known` are those of `entry`: prefix, format, partitions, pattern.
bool LiesAt(const lake::TableEntry& known, const lake::TableEntry& entry);

// Registers TableOf; of a table_of_catalog an entry that has files already stays as it is.
Status RegisterTableOf(const StreamSpec& spec, const StreamPrefixes& prefixes, lake::Catalog& catalog);

}  // namespace penstock::stream
