#include "query/duckdb_engine.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "query/duckdb_s3.h"
#include "query/duckdb_session.h"
#include "query/duckdb_stream.h"
#include "query/duckdb_views.h"
#include "query/sql_text.h"
#include "query/statement_tree.h"

namespace penstock::query {
namespace {

// Unique in this machine; DuckDB makes the folder at the first spill, and removes it.
std::string SpillFolder(const std::string& parent) {
  static std::atomic<uint64_t> count{0};
  const char* temporary = std::getenv("TMPDIR");
  std::string folder = !parent.empty()                              ? parent
                       : temporary != nullptr && *temporary != '\0' ? temporary
                                                                    : "/tmp";
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + "/penstock-query-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

// EXPLAIN [ANALYZE] is not in the parser's tree: it is cut off here, and put back in front of what was
// inspected.
struct Explained {
  std::string prefix;  // "", "EXPLAIN " or "EXPLAIN ANALYZE "
  std::string select;
};

Result<Explained> CutExplain(const std::string& sql) {
  ASSIGN_OR_RETURN(const auto tokens, Tokenize(sql));
  Explained explained{"", sql};
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kSpace || token.kind == TokenKind::kComment) continue;
    const std::string_view word = std::string_view(sql).substr(token.begin, token.end - token.begin);
    if (explained.prefix.empty() && EqualsIgnoreCase(word, "explain")) {
      explained.prefix = "EXPLAIN ";
    } else if (explained.prefix == "EXPLAIN " && EqualsIgnoreCase(word, "analyze")) {
      explained.prefix = "EXPLAIN ANALYZE ";
    } else {
      explained.select = sql.substr(token.begin);
      break;
    }
  }
  return explained;
}

}  // namespace

DuckDbEngine::DuckDbEngine(std::vector<ViewSpec> views, DuckDbOptions options, Clock& clock)
    : views_(std::move(views)), options_(std::move(options)), clock_(clock) {}

DuckDbEngine::~DuckDbEngine() = default;

Result<std::shared_ptr<const DuckDbApi>> DuckDbEngine::Library() {
  std::lock_guard lock(mutex_);
  if (api_ == nullptr) {
    ASSIGN_OR_RETURN(
        DuckDbApi api,
        LoadDuckDb(options_.library_candidates.empty() ? DuckDbCandidates() : options_.library_candidates));
    api_ = std::make_shared<const DuckDbApi>(std::move(api));
  }
  return api_;
}

Result<std::unique_ptr<ResultStream>> DuckDbEngine::Execute(std::string_view sql,
                                                            const QueryOptions& options) {
  ASSIGN_OR_RETURN(const std::string bound, BindParameters(sql, options.parameters));
  ASSIGN_OR_RETURN(const auto statements, SplitStatements(bound));
  if (statements.size() != 1) {
    return MakeError(ErrorCode::kUsage,
                     statements.empty()
                         ? "there is no SQL statement"
                         : "expected one statement, found " + std::to_string(statements.size()),
                     statements.empty() ? "write one, such as: SHOW ALL TABLES" : "run them one by one");
  }
  ASSIGN_OR_RETURN(const Explained statement, CutExplain(statements[0]));

  ASSIGN_OR_RETURN(auto api, Library());
  const std::string spill = SpillFolder(options_.temp_directory);
  const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
  ASSIGN_OR_RETURN(
      auto session,
      DuckDbSession::Open(std::move(api),
                          {{"threads", std::to_string(options_.threads > 0 ? options_.threads : processors)},
                           {"memory_limit", std::to_string(options_.memory_limit_mb) + "MiB"},
                           {"temp_directory", spill},
                           {"autoload_known_extensions", "false"},
                           {"autoinstall_known_extensions", "false"},
                           {"allow_community_extensions", "false"},
                           // None of those that the user keeps for DuckDB elsewhere.
                           {"allow_persistent_secrets", "false"}}));
  auto watch = std::make_unique<DuckDbWatch>(*session, clock_, options_.timeout_ms, options.stop);
  RETURN_IF_ERROR(watch->Check());

  ASSIGN_OR_RETURN(
      const auto tree,
      session->Texts("SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)", statement.select));
  if (tree.size() != 1) return MakeError(ErrorCode::kInternal, "the statement could not be inspected");
  ASSIGN_OR_RETURN(const StatementUse use, InspectStatement(tree[0], statement.select));
  ASSIGN_OR_RETURN(const auto views, SelectViews(views_, use, options_.default_database, statement.select));

  const S3Access* s3 = options_.s3 ? &*options_.s3 : nullptr;
  ASSIGN_OR_RETURN(const FilesOfGlob files, ListFiles(views, s3, options.stop));
  std::vector<std::string> scopes;
  for (const auto& [glob, listed] : files) {
    if (IsS3(glob)) scopes.push_back(FolderOfGlob(glob));
  }
  if (!scopes.empty()) {
    RETURN_IF_ERROR(OpenS3(*session, *s3, scopes,
                           options_.httpfs_candidates.empty() ? HttpfsCandidates(session->api().path)
                                                              : options_.httpfs_candidates,
                           options.stop));
    RETURN_IF_ERROR(watch->Check());
  }

  // The stream has it, and so the files' `hold`. A damaged footer may be reported without the file's name:
  // views that were made are tried one file after another.
  auto explain = [views, files](DuckDbSession& in, const Status& status) {
    if (CodeOf(status) != ErrorCode::kCorrupt || status.message().find(".parquet") != std::string::npos)
      return status;
    const std::string file = FindDamagedFile(in, views, files);
    return file.empty() ? status : WithContext(status, "the file \"" + file + "\" is damaged");
  };
  if (const Status created = CreateViews(*session, views, files); !created.ok()) {
    RETURN_IF_ERROR(watch->Check());
    return explain(*session, created);
  }

  // The spill limit has no effect when it is given at opening (1.5.5: shown, not obeyed; a test holds it).
  std::vector<std::string> folders = {spill};
  for (const ViewSpec* view : views) {
    if (const std::string folder = FolderOfGlob(view->glob); !folder.empty()) folders.push_back(folder);
  }
  for (const auto& [glob, listed] : files) {
    if (!listed.folder.empty()) folders.push_back(listed.folder);
  }
  std::string search_path = "main";
  if (!options_.default_database.empty()) {
    RETURN_IF_ERROR(session->Run("CREATE SCHEMA IF NOT EXISTS " + QuoteSqlName(options_.default_database)));
    search_path = QuoteSqlName(options_.default_database) + ",main";
  }
  RETURN_IF_ERROR(session->Run("SET search_path = " + QuoteSqlText(search_path) +
                               "; SET TimeZone = 'UTC'; SET max_temp_directory_size = '" +
                               std::to_string(options_.spill_limit_mb) + "MiB'"));
  RETURN_IF_ERROR(session->Confine(folders));
  RETURN_IF_ERROR(watch->Check());

  ASSIGN_OR_RETURN(auto stream, DuckDbStream::Start(std::move(session), std::move(watch),
                                                    statement.prefix + statement.select, options.max_rows,
                                                    std::move(explain)));
  return std::unique_ptr<ResultStream>(std::move(stream));
}

}  // namespace penstock::query
