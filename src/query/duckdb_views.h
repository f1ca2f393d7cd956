// Views of the catalog's tables in a DuckDB session, made for the names that a statement uses. For
// duckdb_*.cc only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/duckdb_s3.h"
#include "query/duckdb_session.h"
#include "query/query_engine.h"
#include "query/statement_tree.h"

namespace penstock::query {

// The views that `use` needs. NotFound: a name that is none; the text points at it in `sql` and names the
// nearest.
Result<std::vector<const ViewSpec*>> SelectViews(const std::vector<ViewSpec>& views, const StatementUse& use,
                                                 const std::string& default_database, std::string_view sql);

// Creates them; a table without files becomes an empty view. `files`: of those that ListFiles has. Corrupt:
// the first file is damaged.
Status CreateViews(DuckDbSession& session, const std::vector<const ViewSpec*>& views,
                   const FilesOfGlob& files);

// The folder that holds all files of a glob: what stands before its first wildcard, with a '/' at the end.
std::string FolderOfGlob(std::string_view glob);

// A file that cannot be read, when DuckDB did not say which: all files of the views are tried, one after
// another. Empty: none found, or interrupted.
std::string FindDamagedFile(DuckDbSession& session, const std::vector<const ViewSpec*>& views,
                            const FilesOfGlob& files);

}  // namespace penstock::query
