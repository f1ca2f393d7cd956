// DuckDB's C API, loaded when the first query runs: starting the program does not pay for its 70 MB.
// For duckdb_*.cc only: brings in duckdb.h.
#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace penstock::query {

inline constexpr std::string_view kDuckDbVersion = "v1.5.5";
inline constexpr std::string_view kDuckDbSourceId = "d8cdaa33fd";

// The functions used, without their prefix `duckdb_`.
#define PENSTOCK_DUCKDB_FUNCTIONS(X)                                                                         \
  X(library_version)                                                                                         \
  X(create_config)                                                                                           \
  X(set_config)                                                                                              \
  X(destroy_config)                                                                                          \
  X(open_ext)                                                                                                \
  X(close) X(connect) X(disconnect) X(interrupt) X(query) X(prepare) X(prepare_error) X(destroy_prepare)     \
      X(bind_varchar_length) X(prepared_statement_type) X(execute_prepared) X(pending_prepared_streaming)    \
          X(pending_error) X(execute_pending) X(destroy_pending) X(extract_statements)                       \
              X(extract_statements_error) X(prepare_extracted_statement) X(destroy_extracted)                \
                  X(result_error) X(result_error_type) X(destroy_result) X(fetch_chunk)                      \
                      X(destroy_data_chunk) X(data_chunk_get_size) X(data_chunk_get_vector)                  \
                          X(vector_get_data) X(vector_get_validity) X(validity_row_is_valid)                 \
                              X(string_t_data) X(string_t_length) X(column_count) X(column_name)             \
                                  X(column_logical_type) X(destroy_logical_type) X(result_get_arrow_options) \
                                      X(destroy_arrow_options) X(to_arrow_schema) X(data_chunk_to_arrow)     \
                                          X(error_data_message) X(error_data_error_type)                     \
                                              X(destroy_error_data) X(free)

struct DuckDbApi {
#define PENSTOCK_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
  PENSTOCK_DUCKDB_FUNCTIONS(PENSTOCK_DUCKDB_MEMBER)
#undef PENSTOCK_DUCKDB_MEMBER
  std::string path;  // of the library
};

// Where the library may lie, best first: the environment's PENSTOCK_DUCKDB, lib/ beside the folder of the
// program
// (../lib/libduckdb.so), that folder itself, the path known at build time.
std::vector<std::string> DuckDbCandidates();

// The first of `candidates` that is there; it stays loaded to the end of the process. Configuration: none is
// there (all are named), it cannot be loaded, or it is another version.
Result<DuckDbApi> LoadDuckDb(const std::vector<std::string>& candidates);

// Configuration: not exactly the version whose header and behaviour this was built and tested with.
Status CheckDuckDbVersion(std::string_view version, std::string_view path);

}  // namespace penstock::query
