// DataFormatConversionConfiguration: records become Parquet by a table of the catalog.
// Source: Amazon Data Firehose API reference, DataFormatConversionConfiguration and what it contains;
// messages and their order as the service was measured.
#pragma once

#include "base/json.h"
#include "base/status.h"
#include "lake/catalog.h"
#include "stream/prefix_expression.h"
#include "stream/stream_spec.h"

namespace penstock::stream {

// Lays what `given` says over what the stream's conversion was (members that are absent stay), and sets
// spec->parquet: the columns are those that the table of SchemaConfiguration has now. `hints`: the buffer was
// given with it; else a new stream's is 128 MiB, as AWS has it. FirehoseErrors; a table that the catalog does
// not have is refused as by AWS, with what to do.
Status ApplyConversion(const json::object& given, bool hints, lake::Catalog& catalog, StreamSpec* spec);

// Sets the table that the objects of a stream with such a conversion are in: the one of SchemaConfiguration,
// when they lie where it lies (or it lies nowhere yet: TableEntry::declared); else one of its own beside it,
// DATABASE.NAME_OF_THE_STREAM. None: the prefix has no folder of its own, and the objects are in no table.
// FirehoseErrors: a table of that name lies elsewhere.
Status PlaceTable(const StreamPrefixes& prefixes, lake::Catalog& catalog, StreamSpec* spec);

}  // namespace penstock::stream
