#include "store/folder_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/date.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/temporary_folder.h"
#include "store/object_store_conformance.h"

namespace penstock::store {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<FolderStore> MustOpen(const std::string& path, FolderOptions options = {}) {
  auto store = FolderStore::Open(path, options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ValueOr(nullptr);
}

std::shared_ptr<ObjectStore> MakeStore(FolderOptions options) {
  struct Owned {
    TemporaryFolder folder;
    std::shared_ptr<FolderStore> store;
  };
  auto owned = std::make_shared<Owned>();
  owned->store = MustOpen(owned->folder / "bucket", options);
  return {owned, owned->store.get()};
}

INSTANTIATE_TEST_SUITE_P(
    Folder, ObjectStoreConformance,
    testing::Values(StoreMaker{"folder", [] { return MakeStore({}); }},
                    StoreMaker{"unsynced", [] { return MakeStore({.fsync = false}); }},
                    StoreMaker{"no_openat2",
                               [] { return MakeStore({.fsync = false, .use_openat2 = false}); }},
                    StoreMaker{"still_clock",
                               [] {
                                 static const ManualClock kStill{TimePoint(MakeDate(2017, 8, 11))};
                                 return MakeStore({.fsync = false, .clock = &kStill});
                               }}),
    StoreMakerName);

// Runs `work` in a process of its own; its exit code, or minus the signal that ended it.
int InChild(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

size_t CountFiles(const std::string& path) {
  return fs::exists(path)
             ? static_cast<size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()))
             : 0;
}

// A tmpfs of 1 MiB, where the machine lets us mount.
class SmallDisk {
 public:
  SmallDisk() { mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") == 0; }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void MakeReadOnly() {
    ASSERT_EQ(::mount("tmpfs", path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  }
  const std::string& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

TEST(FolderStore, OpenMakesTheFolderOrSaysThatItIsMissing) {
  TemporaryFolder folder;
  EXPECT_EQ(CodeOf(FolderStore::Open(folder / "a/b", {.create = false}).status()), ErrorCode::kNotFound);
  auto store = MustOpen(folder / "a/b/c/");
  EXPECT_EQ(store->uri(), folder / "a/b/c");
  EXPECT_EQ(CountFiles(folder / "a/b/c"), 0u) << "reading leaves nothing behind";
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(CodeOf(FolderStore::Open(folder / "file").status()), ErrorCode::kConfiguration);
  EXPECT_EQ(CodeOf(FolderStore::Open("").status()), ErrorCode::kConfiguration);
}

TEST(FolderStore, FilesArePlain) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Put("raw/dt=2017-08-11/^GSPC.csv", "a,b\n").ok());
  std::ifstream in(folder / "raw/dt=2017-08-11/^GSPC.csv");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "a,b\n");
  fs::create_directories(folder / "by/hand");
  std::ofstream(folder / "by/hand/x") << "mine";
  EXPECT_EQ(store->Get("by/hand/x")->bytes, "mine");
  std::ofstream(folder / "by/hand/\xff not a key");
  EXPECT_EQ(ListAll(*store, "")->size(), 2u);
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 0u);
}

TEST(FolderStore, ModifiedIsTheStoresClock) {
  TemporaryFolder folder;
  ManualClock clock(TimePoint(MakeDate(2013, 2, 8)) + std::chrono::microseconds(123456));
  auto store = MustOpen(folder.path(), {.clock = &clock});
  EXPECT_EQ(store->Put("a", "x")->modified, clock.Now());
  EXPECT_EQ(MustOpen(folder.path())->Head("a")->modified, clock.Now());
  clock.Set(TimePoint(MakeDate(1969, 12, 31)) + std::chrono::microseconds(1));
  EXPECT_EQ(store->Put("a", "x")->modified, clock.Now());
}

TEST(FolderStore, EmptyFoldersGoWithTheirLastObject) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_TRUE(store->Put("a/b/c/1", "x").ok());
  ASSERT_TRUE(store->Put("a/2", "x").ok());
  ASSERT_TRUE(store->Delete("a/b/c/1").ok());
  EXPECT_FALSE(fs::exists(folder / "a/b"));
  EXPECT_TRUE(fs::exists(folder / "a/2"));
  ASSERT_TRUE(store->Delete("a/2").ok());
  EXPECT_FALSE(fs::exists(folder / "a"));
  // Empty folders that a killed process left do not stand in the way of an object.
  fs::create_directories(folder / "left/over/empty");
  EXPECT_TRUE(store->Put("left", "x").ok());
}

TEST(FolderStore, NoEscapeThroughLinks) {
  for (const bool use_openat2 : {true, false}) {
    TemporaryFolder folder, outside;
    std::ofstream(outside / "secret") << "secret";
    auto store = MustOpen(folder.path(), {.use_openat2 = use_openat2});
    ASSERT_TRUE(store->Put("sub/real", "x").ok());
    fs::create_directory_symlink(outside.path(), folder / "link");
    fs::create_directory_symlink("..", folder / "sub/up");
    fs::create_symlink(outside / "secret", folder / "file");
    fs::create_symlink("sub/real", folder / "inside");
    fs::create_symlink(outside / "not-there", folder / "dangling");
    for (const char* key :
         {"link/secret", "link/new", "file", "inside", "dangling", "sub/up/sub/real", "link/a/b"}) {
      EXPECT_EQ(CodeOf(store->Get(key).status()), ErrorCode::kPermissionDenied) << key;
      EXPECT_EQ(CodeOf(store->Head(key).status()), ErrorCode::kPermissionDenied) << key;
      EXPECT_EQ(CodeOf(store->Put(key, "y").status()), ErrorCode::kPermissionDenied) << key;
      EXPECT_EQ(CodeOf(store->Put(key, "y", {.if_absent = true}).status()), ErrorCode::kPermissionDenied)
          << key;
      EXPECT_EQ(CodeOf(store->Delete(key)), ErrorCode::kPermissionDenied) << key;
    }
    for (const char* prefix : {"", "link", "link/", "sub/up/", "file"}) {
      for (const auto& info : *ListAll(*store, prefix)) EXPECT_EQ(info.key, "sub/real") << prefix;
    }
    EXPECT_EQ(ListAll(*store, "")->size(), 1u);
    EXPECT_EQ(CountFiles(outside.path()), 1u);
    std::ifstream in(outside / "secret");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "secret");
  }
}

TEST(FolderStore, ReservedFolderMayNotBeALink) {
  TemporaryFolder folder, outside;
  fs::create_directory_symlink(outside.path(), folder / ".penstock");
  auto store = MustOpen(folder.path());
  EXPECT_FALSE(store->Put("a", "x").ok());
  EXPECT_EQ(CountFiles(outside.path()), 0u);
}

TEST(FolderStore, ThePathOfTheBucketMayBeALink) {
  TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink("real", folder / "bucket");
  ASSERT_TRUE(MustOpen(folder / "bucket")->Put("a", "x").ok());
  EXPECT_TRUE(fs::exists(folder / "real/a"));
}

TEST(FolderStore, WhatIsNoFileIsNoObject) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0666), 0);
  EXPECT_EQ(CodeOf(store->Get("fifo").status()), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(store->Put("fifo", "x").status()), ErrorCode::kPermissionDenied);
  EXPECT_TRUE(ListAll(*store, "")->empty());
}

TEST(FolderStore, FullDisk) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  auto store = MustOpen(disk.path());
  ASSERT_TRUE(store->Put("a/old", std::string(600'000, 'o')).ok());
  for (const char* key : {"a/old", "a/new", "b/c/d"}) {
    const auto put = store->Put(key, std::string(600'000, 'n'));
    EXPECT_EQ(CodeOf(put.status()), ErrorCode::kNoSpace) << put.status();
    EXPECT_FALSE(AdviceOf(put.status()).empty());
  }
  EXPECT_EQ(store->Get("a/old")->bytes, std::string(600'000, 'o'));
  EXPECT_EQ(ListAll(*store, "")->size(), 1u);
  EXPECT_EQ(CountFiles(disk.path() + "/.penstock/tmp"), 0u) << "what could not be put takes no space";
  ASSERT_TRUE(store->Delete("a/old").ok());
  EXPECT_TRUE(store->Put("a/new", std::string(600'000, 'n')).ok());
}

TEST(FolderStore, ReadOnlyFileSystem) {
  SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  ASSERT_TRUE(MustOpen(disk.path())->Put("a", "x").ok());
  disk.MakeReadOnly();
  auto store = MustOpen(disk.path());
  EXPECT_EQ(store->Get("a")->bytes, "x");
  EXPECT_EQ(ListAll(*store, "")->size(), 1u);
  EXPECT_EQ(CodeOf(store->Put("a", "y").status()), ErrorCode::kReadOnly);
  EXPECT_EQ(CodeOf(store->Put("b/c", "y").status()), ErrorCode::kReadOnly);
  EXPECT_EQ(CodeOf(store->Delete("a")), ErrorCode::kReadOnly);
  EXPECT_TRUE(store->Delete("b").ok()) << "there is nothing to delete";
  EXPECT_EQ(CodeOf(FolderStore::Open(disk.path() + "/new").status()), ErrorCode::kReadOnly);
}

TEST(FolderStore, FolderWithoutTheRightToWrite) {
  TemporaryFolder folder;
  std::ofstream(folder / "a") << "x";
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  const int code = InChild([&] {
    if (::getuid() == 0 && ::setuid(65534) != 0) return 99;  // root may do anything
    auto store = FolderStore::Open(folder.path());
    if (!store.ok() || !(*store)->Get("a").ok()) return 98;
    if (CodeOf((*store)->Delete("a")) != ErrorCode::kPermissionDenied) return 97;
    return static_cast<int>(CodeOf((*store)->Put("b", "y").status()));
  });
  ::chmod(folder.path().c_str(), 0755);
  if (code == 99) GTEST_SKIP() << "cannot become another user";
  EXPECT_EQ(code, static_cast<int>(ErrorCode::kPermissionDenied));
}

TEST(FolderStore, StaleTemporariesAreRemovedAtOpen) {
  TemporaryFolder folder;
  ASSERT_TRUE(MustOpen(folder.path())->Put("a", "x").ok());
  std::ofstream(folder / ".penstock/tmp/1-dead") << "half";
  MustOpen(folder.path());
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 1u) << "its writer may still live";
  // A clock of a replay, decades away, changes nothing about that.
  ManualClock past(TimePoint(MakeDate(1999, 1, 1))), future(TimePoint(MakeDate(2050, 1, 1)));
  MustOpen(folder.path(), {.clock = &past});
  MustOpen(folder.path(), {.clock = &future});
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 1u);
  MustOpen(folder.path(), {.stale_temporary_age_s = 0});
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 0u);
  EXPECT_EQ(ListAll(*MustOpen(folder.path()), "")->size(), 1u);
}

TEST(FolderStore, AWriterLeavesNoFileAndIsNotTakenForDead) {
  TemporaryFolder folder;
  auto store = MustOpen(folder.path());
  auto abandoned = store->OpenWriter("a").ValueOrDie();
  ASSERT_TRUE(abandoned->Write("half").ok());
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 1u);
  abandoned.reset();
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 0u);
  // However old it looks to the next process: it lives.
  auto slow = store->OpenWriter("b").ValueOrDie();
  ASSERT_TRUE(slow->Write("1").ok());
  MustOpen(folder.path(), {.stale_temporary_age_s = 0});
  ASSERT_TRUE(slow->Write("2").ok());
  EXPECT_TRUE(slow->Commit().ok());
  EXPECT_EQ(store->Get("b")->bytes, "12");
}

TEST(FolderStore, IfMatchLosesNoUpdateAmongProcesses) {
  TemporaryFolder folder;
  ASSERT_TRUE(MustOpen(folder.path())->Put("counter", "0").ok());
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    auto store = FolderStore::Open(folder.path()).ValueOrDie();
    for (int i = 0; i < 50;) {
      const auto now = store->Get("counter");
      if (!now.ok()) ::_exit(1);
      const auto put =
          store->Put("counter", std::to_string(std::stoi(now->bytes) + 1), {.if_match = now->info.etag});
      if (put.ok())
        ++i;
      else if (CodeOf(put.status()) != ErrorCode::kPreconditionFailed)
        ::_exit(2);
    }
    ::_exit(0);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(MustOpen(folder.path())->Get("counter")->bytes, "200");
}

std::string Version(int key, int version) {
  return fmt::format("{}:{}:", key, version) +
         std::string(static_cast<size_t>(20'000 + 37 * version), static_cast<char>('a' + version % 26));
}

// ALL-5: whenever it dies, each object is whole, what was acknowledged is there, and nothing else is seen.
TEST(FolderStore, KilledInTheMiddleOfPuts) {
  constexpr int kKeys = 5;
  TemporaryFolder folder;
  Random random(20170811);
  int acknowledged[kKeys] = {};  // version last reported, 0: none
  for (int round = 0; round < 50; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(pipe_fds[0]);
      auto store = FolderStore::Open(folder.path()).ValueOrDie();
      for (int n = 0;; ++n) {
        const int key = n % kKeys, version = acknowledged[key] + n / kKeys + 1;
        if (!store->Put(fmt::format("d{}/object", key), Version(key, version)).ok()) ::_exit(1);
        const int report[2] = {key, version};
        if (::write(pipe_fds[1], report, sizeof report) != sizeof report) ::_exit(2);
      }
    }
    ::close(pipe_fds[1]);
    // Kill it somewhere behind the first few reports: some more of them, then a moment of spinning.
    const int64_t reports = random.Uniform(0, 6);
    int report[2];
    const auto read_report = [&] {
      if (::read(pipe_fds[0], report, sizeof report) != sizeof report) return false;
      acknowledged[report[0]] = report[1];
      return true;
    };
    for (int64_t i = 0; i < reports; ++i) ASSERT_TRUE(read_report());
    for (volatile int64_t spin = random.Uniform(0, 2'000'000); spin > 0;) spin = spin - 1;
    ::kill(pid, SIGKILL);
    while (read_report()) {
    }
    ::close(pipe_fds[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;

    auto store = MustOpen(folder.path(), {.create = false});
    const auto all = ListAll(*store, "");
    ASSERT_TRUE(all.ok()) << all.status();
    for (const auto& info : *all) {
      const int key = info.key[1] - '0';
      ASSERT_EQ(info.key, fmt::format("d{}/object", key));
      const std::string bytes = store->Get(info.key)->bytes;
      // One put may have been done and not yet reported.
      ASSERT_TRUE(bytes == Version(key, acknowledged[key]) || bytes == Version(key, acknowledged[key] + 1))
          << round << " " << bytes.substr(0, 20);
      acknowledged[key] =
          bytes == Version(key, acknowledged[key]) ? acknowledged[key] : acknowledged[key] + 1;
    }
    for (int key = 0; key < kKeys; ++key) {
      EXPECT_TRUE(acknowledged[key] == 0 || store->Head(fmt::format("d{}/object", key)).ok());
    }
  }
  EXPECT_GT(acknowledged[0], 5);
  MustOpen(folder.path(), {.stale_temporary_age_s = 0});
  EXPECT_EQ(CountFiles(folder / ".penstock/tmp"), 0u);
}

// The same exactly at the commit point.
TEST(FolderStore, KilledRightBeforeAndAfterTheRename) {
  for (const std::string point : {"before", "after"}) {
    TemporaryFolder folder;
    ASSERT_TRUE(MustOpen(folder.path())->Put("a", "old").ok());
    EXPECT_EQ(InChild([&] {
                auto store = FolderStore::Open(folder.path()).ValueOrDie();
                if (!ArmFaults("store.put." + point + "_rename=kill").ok()) return 1;
                return store->Put("a", "new").ok() ? 2 : 3;
              }),
              -SIGKILL);
    auto store = MustOpen(folder.path());
    EXPECT_EQ(store->Get("a")->bytes, point == "before" ? "old" : "new");
    EXPECT_TRUE(store->Put("a", "next").ok()) << "the dead one's lock is free";
  }
}

}  // namespace
}  // namespace penstock::store
