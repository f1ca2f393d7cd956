#include "sqlite/database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/temporary_folder.h"

namespace penstock::sqlite {
namespace {

Result<int64_t> Number(Database& database, std::string_view sql) {
  int64_t value = 0;
  RETURN_IF_ERROR(database.Read([&]() -> Status {
    ASSIGN_OR_RETURN(Statement select, database.Prepare(sql));
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return MakeError(ErrorCode::kNotFound, "no row");
    value = select.Int(0);
    return Status::OK();
  }));
  return value;
}

struct DatabaseTest : testing::Test {
  TemporaryFolder folder;
  const std::string path = folder / "state.db";
  std::shared_ptr<Database> Open(Options options = {}) {
    auto database = Database::Open(path, options);
    EXPECT_TRUE(database.ok()) << database.status();
    return database.ValueOr(nullptr);
  }
};

TEST_F(DatabaseTest, ValuesComeBackAsTheyWere) {
  auto database = Open();
  const std::string blob("\0\xff'\n", 4);
  ASSERT_TRUE(
      database
          ->Write([&]() -> Status {
            RETURN_IF_ERROR(database->Execute("CREATE TABLE t (a TEXT, b INTEGER, c BLOB, d TEXT)"));
            ASSIGN_OR_RETURN(Statement insert, database->Prepare("INSERT INTO t VALUES (?, ?, ?, ?)"));
            RETURN_IF_ERROR(
                insert.Bind(1, "株'; DROP TABLE t").Bind(2, INT64_MIN).BindBlob(3, blob).BindNull(4).Run());
            EXPECT_EQ(database->changes(), 1);
            // After Run, nothing is bound any more.
            return insert.Bind(1, std::string_view()).Bind(2, INT64_MAX).Run();
          })
          .ok());
  ASSERT_TRUE(database
                  ->Read([&]() -> Status {
                    ASSIGN_OR_RETURN(Statement select,
                                     database->Prepare("SELECT a, b, c, d FROM t ORDER BY b"));
                    ASSIGN_OR_RETURN(bool found, select.Step());
                    EXPECT_TRUE(found);
                    EXPECT_EQ(select.Text(0), "株'; DROP TABLE t");
                    EXPECT_EQ(select.Int(1), INT64_MIN);
                    EXPECT_EQ(select.Text(2), blob);
                    EXPECT_TRUE(select.IsNull(3));
                    ASSIGN_OR_RETURN(found, select.Step());
                    EXPECT_TRUE(found);
                    EXPECT_FALSE(select.IsNull(0));
                    EXPECT_EQ(select.Text(0), "");
                    EXPECT_TRUE(select.IsNull(2));
                    ASSIGN_OR_RETURN(found, select.Step());
                    EXPECT_FALSE(found);
                    return Status::OK();
                  })
                  .ok());
}

TEST_F(DatabaseTest, AFailedWriteLeavesNothing) {
  auto database = Open();
  ASSERT_TRUE(
      database->Write([&] { return database->Execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"); }).ok());
  const Status failed = database->Write([&]() -> Status {
    RETURN_IF_ERROR(database->Execute("INSERT INTO t VALUES (1)"));
    return MakeError(ErrorCode::kTaskFailed, "no");
  });
  EXPECT_EQ(CodeOf(failed), ErrorCode::kTaskFailed);
  EXPECT_EQ(*Number(*database, "SELECT count(*) FROM t"), 0);
  EXPECT_EQ(CodeOf(database->Write([&]() -> Status {
              RETURN_IF_ERROR(database->Execute("INSERT INTO t VALUES (2)"));
              return database->Execute("INSERT INTO t VALUES (2)");
            })),
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(*Number(*database, "SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(database->Write([&] { return database->Execute("INSERT INTO t VALUES (3)"); }).ok())
      << "and goes on";
}

TEST_F(DatabaseTest, MigrationsRunOnceAComponent) {
  const std::vector<std::string> v1 = {"CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)"};
  const std::vector<std::string> v2 = {v1[0], "INSERT INTO a VALUES (2)"};
  ASSERT_TRUE(Open()->Migrate("lake", v1).ok());
  ASSERT_TRUE(Open()->Migrate("lake", v1).ok());
  auto database = Open();
  ASSERT_TRUE(database->Migrate("lake", v2).ok());
  ASSERT_TRUE(database->Migrate("queue", {"CREATE TABLE b (x INTEGER)"}).ok());
  EXPECT_EQ(*Number(*database, "SELECT sum(x) FROM a"), 3);
  EXPECT_EQ(*Number(*database, "SELECT version FROM component WHERE name = 'lake'"), 2);
  EXPECT_EQ(*Number(*database, "SELECT version FROM component WHERE name = 'queue'"), 1);
  // An older binary does not touch what a newer one made.
  const Status older = Open()->Migrate("lake", v1);
  EXPECT_EQ(CodeOf(older), ErrorCode::kConfiguration) << older;
  EXPECT_FALSE(AdviceOf(older).empty());
}

TEST_F(DatabaseTest, AFailedMigrationLeavesTheOldVersion) {
  auto database = Open();
  ASSERT_TRUE(database->Migrate("lake", {"CREATE TABLE a (x INTEGER)"}).ok());
  EXPECT_FALSE(database->Migrate("lake", {"", "CREATE TABLE b (x INTEGER); not SQL"}).ok());
  EXPECT_EQ(*Number(*database, "SELECT version FROM component WHERE name = 'lake'"), 1);
  EXPECT_EQ(*Number(*database, "SELECT count(*) FROM sqlite_master WHERE name = 'b'"), 0);
  EXPECT_TRUE(database->Migrate("lake", {"", "CREATE TABLE b (x INTEGER)"}).ok());
}

TEST_F(DatabaseTest, NotADatabaseIsCorrupt) {
  std::ofstream(path) << std::string(8192, 'x');
  const auto open = Database::Open(path);
  EXPECT_EQ(CodeOf(open.status()), ErrorCode::kCorrupt) << open.status();
  EXPECT_NE(open.status().message().find(path), std::string::npos);
  EXPECT_FALSE(AdviceOf(open.status()).empty());
  EXPECT_EQ(std::filesystem::file_size(path), 8192u) << "it is left for a person to look at";
}

TEST_F(DatabaseTest, DamagedPagesAreCorrupt) {
  {
    auto database = Open();
    ASSERT_TRUE(database->Migrate("lake", {"CREATE TABLE a (x TEXT)"}).ok());
    ASSERT_TRUE(database
                    ->Write([&]() -> Status {
                      ASSIGN_OR_RETURN(Statement insert, database->Prepare("INSERT INTO a VALUES (?)"));
                      for (int i = 0; i < 200; ++i)
                        RETURN_IF_ERROR(insert.Bind(1, std::string(500, 'y')).Run());
                      return Status::OK();
                    })
                    .ok());
  }
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (size_t at = 2 * 4096; at + 4096 <= size; at += 4096) {
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(4096, '\xff');
  }
  file.close();
  auto database = Open();
  ASSERT_NE(database, nullptr);
  EXPECT_EQ(CodeOf(Number(*database, "SELECT sum(length(x)) FROM a").status()), ErrorCode::kCorrupt);
}

TEST_F(DatabaseTest, WhereItCannotBeOpened) {
  EXPECT_EQ(CodeOf(Database::Open(folder / "no/such/state.db").status()), ErrorCode::kNotFound);
  std::filesystem::create_directory(folder / "directory.db");
  EXPECT_EQ(CodeOf(Database::Open(folder / "directory.db").status()), ErrorCode::kIo);
}

TEST_F(DatabaseTest, ReadOnlyDisk) {
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4m") != 0)
    GTEST_SKIP() << "needs the right to mount";
  {
    ASSERT_TRUE(Open()->Migrate("lake", {"CREATE TABLE a (x INTEGER)"}).ok());
  }
  ASSERT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const auto existing = Database::Open(path), fresh = Database::Open(folder / "new.db");
  ::umount2(folder.path().c_str(), MNT_DETACH);
  EXPECT_EQ(CodeOf(existing.status()), ErrorCode::kReadOnly) << existing.status();
  EXPECT_EQ(CodeOf(fresh.status()), ErrorCode::kReadOnly) << fresh.status();
}

TEST_F(DatabaseTest, FolderWithoutTheRightToWrite) {
  {
    ASSERT_TRUE(Open()->Migrate("lake", {"CREATE TABLE a (x INTEGER)"}).ok());
  }
  ::chmod(path.c_str(), 0444);
  ::chmod(folder.path().c_str(), 0555);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(99);
    const auto open = Database::Open(path);
    ::_exit(static_cast<int>(CodeOf(open.status())));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::chmod(folder.path().c_str(), 0755);
  const auto code = static_cast<ErrorCode>(WEXITSTATUS(status));
  if (WEXITSTATUS(status) == 99) GTEST_SKIP() << "cannot become another user";
  EXPECT_TRUE(code == ErrorCode::kPermissionDenied || code == ErrorCode::kReadOnly) << NameOf(code);
}

// Opened, migrated and written by several at once, on a file that does not exist yet.
TEST_F(DatabaseTest, ManyProcessesFromTheFirstMoment) {
  constexpr int kProcesses = 6, kWrites = 40, kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    const std::string file = folder / (std::to_string(round) + ".db");
    std::vector<pid_t> children;
    for (int p = 0; p < kProcesses; ++p) {
      const pid_t pid = ::fork();
      if (pid != 0) {
        children.push_back(pid);
        continue;
      }
      const Status status = [&]() -> Status {
        ASSIGN_OR_RETURN(auto database, Database::Open(file, {.durable = false}));
        RETURN_IF_ERROR(database->Migrate("t", {"CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)"}));
        for (int i = 0; i < kWrites; ++i) {
          // Read, then write on what was read: lost updates would show.
          RETURN_IF_ERROR(database->Write([&]() -> Status {
            ASSIGN_OR_RETURN(Statement read, database->Prepare("SELECT n FROM t"));
            RETURN_IF_ERROR(read.Step().status());
            const int64_t n = read.Int(0);
            read.Reset();
            ASSIGN_OR_RETURN(Statement write, database->Prepare("UPDATE t SET n = ?"));
            return write.Bind(1, n + 1).Run();
          }));
        }
        return Status::OK();
      }();
      if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
      ::_exit(status.ok() ? 0 : 1);
    }
    for (const pid_t pid : children) {
      int status = 0;
      ::waitpid(pid, &status, 0);
      EXPECT_EQ(status, 0);
    }
    auto database = Database::Open(file).ValueOrDie();
    EXPECT_EQ(*Number(*database, "SELECT n FROM t"), kProcesses * kWrites);
  }
}

TEST_F(DatabaseTest, AHeldFileIsAConflictAfterTheTimeout) {
  auto mine = Open();
  ASSERT_TRUE(mine->Migrate("t", {"CREATE TABLE t (n INTEGER)"}).ok());
  auto other = Open({.busy_timeout_ms = 20});
  const Status outer = mine->Write([&]() -> Status {
    EXPECT_EQ(CodeOf(other->Write([&] { return other->Execute("INSERT INTO t VALUES (1)"); })),
              ErrorCode::kConflict);
    EXPECT_EQ(*Number(*other, "SELECT count(*) FROM t"), 0) << "readers do not wait";
    return mine->Execute("INSERT INTO t VALUES (2)");
  });
  EXPECT_TRUE(outer.ok()) << outer;
  EXPECT_TRUE(other->Write([&] { return other->Execute("INSERT INTO t VALUES (3)"); }).ok());
  EXPECT_EQ(*Number(*mine, "SELECT sum(n) FROM t"), 5);
}

TEST_F(DatabaseTest, ThreadsShareOneHandle) {
  auto database = Open({.durable = false});
  ASSERT_TRUE(database->Migrate("t", {"CREATE TABLE t (n INTEGER)"}).ok());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          EXPECT_TRUE(database->Write([&] { return database->Execute("INSERT INTO t VALUES (1)"); }).ok());
        }
      });
    }
  }
  EXPECT_EQ(*Number(*database, "SELECT count(*) FROM t"), 200);
}

// ALL-5: what Write returned OK for is there after a kill, and what it did not is not.
TEST_F(DatabaseTest, KilledInAWrite) {
  {
    ASSERT_TRUE(Open()->Migrate("t", {"CREATE TABLE t (n INTEGER)"}).ok());
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    auto database = Database::Open(path).ValueOrDie();
    IgnoreError(database->Write([&] { return database->Execute("INSERT INTO t VALUES (1)"); }),
                "counted below");
    IgnoreError(database->Write([&]() -> Status {
      RETURN_IF_ERROR(database->Execute("INSERT INTO t VALUES (2)"));
      ::kill(::getpid(), SIGKILL);
      return Status::OK();
    }),
                "does not return");
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(*Number(*Open(), "SELECT sum(n) FROM t"), 1);
}

TEST(ToStatus, Codes) {
  EXPECT_TRUE(ToStatus(0, "f", "").ok());
  EXPECT_EQ(CodeOf(ToStatus(13, "f", "full")), ErrorCode::kNoSpace);
  EXPECT_EQ(CodeOf(ToStatus(8, "f", "readonly")), ErrorCode::kReadOnly);
  EXPECT_EQ(CodeOf(ToStatus(8 | (6 << 8), "f", "extended: readonly directory")), ErrorCode::kReadOnly);
  EXPECT_EQ(CodeOf(ToStatus(10 | (3 << 8), "f", "extended: i/o")), ErrorCode::kIo);
  EXPECT_EQ(CodeOf(ToStatus(9, "f", "interrupted")), ErrorCode::kCancelled);
  EXPECT_EQ(CodeOf(ToStatus(1, "f", "generic")), ErrorCode::kInternal);
}

}  // namespace
}  // namespace penstock::sqlite
