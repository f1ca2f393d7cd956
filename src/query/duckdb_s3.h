// DuckDB's own S3 client, for the tables of one query. For duckdb_*.cc only.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "query/duckdb_session.h"
#include "query/query_engine.h"
#include "query/s3_access.h"

namespace penstock::query {

// Where the extension may lie, best first: beside the library, the path known at build time.
std::vector<std::string> HttpfsCandidates(const std::string& library);

// Loads the extension from the first of `candidates` (never from the network; DuckDB checks its signature and
// version), and gives it the credentials for what lies below `scopes` ("s3://bucket/prefix/"). They are
// values of a prepared statement: no text of SQL has them, and the session's errors hide them. To be called
// before Confine(). Configuration: the extension is not there, or an endpoint that is none.
Status OpenS3(DuckDbSession& session, const S3Access& access, const std::vector<std::string>& scopes,
              const std::vector<std::string>& candidates, std::stop_token stop);

inline bool IsS3(std::string_view glob) { return glob.starts_with("s3://"); }

// The files of each table that has a snapshot, and of each one in S3, by its glob. Those in S3 are read by
// our own listing, so that DuckDB's globs and its URL parameters, which would reach other servers, are
// switched off. Configuration: there is a table in S3, and no access.
using FilesOfGlob = std::map<std::string, TableFiles>;
Result<FilesOfGlob> ListFiles(const std::vector<const ViewSpec*>& views, const S3Access* access,
                              std::stop_token stop);

}  // namespace penstock::query
