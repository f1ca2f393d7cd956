#include "query/duckdb_s3.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "query/duckdb_engine.h"
#include "query/duckdb_library.h"
#include "query/query_conformance.h"

namespace penstock::query {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kKey[] = "AKIDTEST";
constexpr char kSecret[] = "se'cr\"et $1; drop";  // a value, whatever stands in it

// A socket of loopback that listens.
struct Listener {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;
  Listener() {
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd, any, size), 0);
    EXPECT_EQ(::listen(fd, 8), 0);
    ::getsockname(fd, any, &size);
    port = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd); }
};

// versitygw over a folder: its folders are buckets, its files are objects.
class S3Server {
 public:
  explicit S3Server(const std::string& root, const std::string& certificate = "")
      : log_(root + "/../requests.log") {
    port_ = Listener().port;
    const char* chosen = std::getenv("PENSTOCK_TEST_VERSITYGW");
    const std::string program = chosen != nullptr ? chosen : PENSTOCK_SOURCE_DIR "/.deps/versitygw/versitygw";
    if (::access(program.c_str(), X_OK) != 0) {
      ADD_FAILURE() << program << " is not there: run tools/install-versitygw";
      return;
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setenv("ROOT_ACCESS_KEY", kKey, 1);
      ::setenv("ROOT_SECRET_KEY", kSecret, 1);
      ::unsetenv("AWS_CA_BUNDLE");
      const std::string port = "127.0.0.1:" + std::to_string(port_);
      std::vector<std::string> words = {program, "--quiet", "--port", port, "--access-log", log_};
      if (!certificate.empty())
        words.insert(words.end(), {"--cert", certificate, "--key", certificate + ".key"});
      words.insert(words.end(), {"posix", root});
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(program.c_str(), arguments.data());
      ::_exit(127);
    }
    while (!Answers()) std::this_thread::yield();
  }
  ~S3Server() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string endpoint() const { return "http://" + host(); }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  // The requests so far that name `text`; a line each.
  int Requests(const std::string& text) const {
    std::ifstream in(log_);
    int count = 0;
    for (std::string line; std::getline(in, line);) count += line.find(text) != std::string::npos;
    return count;
  }

 private:
  bool Answers() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET,
                        .sin_port = htons(static_cast<uint16_t>(port_)),
                        .sin_addr = {htonl(INADDR_LOOPBACK)},
                        .sin_zero = {}};
    const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return up || ::waitpid(pid_, nullptr, WNOHANG) != 0;
  }
  const std::string log_;
  int port_ = 0;
  pid_t pid_ = -1;
};

class DuckDbS3Test : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    lake_ = new TinyLake();
    // s3://lake/pre is the lake; beside it lie what a query may not see.
    files_ = lake_->root() + "/buckets";
    TinyLake scratch;
    FillTinyLake(scratch);
    std::filesystem::create_directories(files_ + "/lake");
    std::filesystem::create_directories(files_ + "/other");
    const auto copy = [&](const std::string& from, const std::string& to) {
      std::filesystem::copy(scratch.root() + from, files_ + to, std::filesystem::copy_options::recursive);
    };
    copy("", "/lake/pre");
    copy("", "/lake/secret");
    copy("", "/other/pre");
    server_ = new S3Server(files_);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete lake_;
  }

  S3Access Access() {
    S3Access access;
    access.region = "us-east-1";
    access.endpoint = server_->endpoint();
    access.path_style = true;
    access.credentials = [this](std::stop_token) -> Result<S3Credentials> {
      ++asked_;
      return S3Credentials{kKey, kSecret, ""};
    };
    access.list = [](const std::string& folder, std::stop_token) -> Result<std::vector<std::string>> {
      std::vector<std::string> uris;
      const std::string path = files_ + folder.substr(4);
      if (!std::filesystem::exists(path)) return uris;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) uris.push_back("s3:/" + entry.path().string().substr(files_.size()));
      }
      std::sort(uris.begin(), uris.end());
      return uris;
    };
    return access;
  }
  std::vector<ViewSpec> Views(const std::string& bucket = "s3://lake/pre") {
    TinyLake names;
    std::vector<ViewSpec> views = names.Views("sp500");
    for (ViewSpec& view : views) view.glob = bucket + view.glob.substr(names.root().size());
    return views;
  }
  DuckDbEngine MakeEngine(std::optional<S3Access> access) {
    DuckDbOptions options;
    options.default_database = "sp500";
    options.s3 = std::move(access);
    return DuckDbEngine(Views(), options, clock_);
  }
  // As the engine leaves it for the user's statement.
  std::unique_ptr<DuckDbSession> ClosedSession(const S3Access& access) {
    auto api = std::make_shared<const DuckDbApi>(LoadDuckDb(DuckDbCandidates()).ValueOrDie());
    const std::string library = api->path;
    auto session = DuckDbSession::Open(api, {{"autoload_known_extensions", "false"},
                                             {"autoinstall_known_extensions", "false"},
                                             {"allow_community_extensions", "false"},
                                             {"allow_persistent_secrets", "false"}})
                       .ValueOrDie();
    const std::string folder = "s3://lake/pre/sp500/clean/bars/";
    EXPECT_TRUE(OpenS3(*session, access, {folder}, HttpfsCandidates(library), {}).ok());
    EXPECT_TRUE(session->Confine({folder}).ok());
    return session;
  }

  static TinyLake* lake_;
  static std::string files_;
  static S3Server* server_;
  SystemClock clock_;
  int asked_ = 0;
};
TinyLake* DuckDbS3Test::lake_ = nullptr;
std::string DuckDbS3Test::files_;
S3Server* DuckDbS3Test::server_ = nullptr;

TEST_F(DuckDbS3Test, TablesAnswerAsThoseInAFolder) {
  auto engine = MakeEngine(Access());
  EXPECT_EQ(RunToCsv(engine, "select count(*) as n, min(dt) as first from bars").ValueOrDie(),
            "n,first\n9,2017-08-09\n");
  EXPECT_EQ(RunToCsv(engine, "select count(*) as n from sp500.bars_rejected").ValueOrDie(), "n\n1\n");
  EXPECT_EQ(asked_, 2) << "each query asks: credentials expire";
  EXPECT_EQ(RunToCsv(engine, "select 1 as a").ValueOrDie(), "a\n1\n");
  EXPECT_EQ(asked_, 2) << "one without a table in S3 needs none";
}

TEST_F(DuckDbS3Test, APartitionsConditionReadsThatDayOnly) {
  const auto data_requests = [&](const std::string& day) {
    return server_->Requests("pre/sp500/clean/bars/dt=" + day) +
           server_->Requests("pre/sp500/clean/bars/dt%3D" + day);
  };
  const int before = data_requests("2017-08-10"), wanted = data_requests("2017-08-11");
  auto engine = MakeEngine(Access());
  const auto plan = RunToCsv(engine, "explain analyze select count(*) from bars where dt = '2017-08-11'");
  EXPECT_THAT(plan.ValueOrDie(), HasSubstr("Scanning Files: 1/3"));
  EXPECT_EQ(data_requests("2017-08-10"), before) << "no byte of another day";
  EXPECT_GT(data_requests("2017-08-11"), wanted);
}

TEST_F(DuckDbS3Test, ATableWithoutFilesIsEmpty) {
  DuckDbOptions options;
  options.s3 = Access();
  DuckDbEngine engine(Views("s3://lake/nothing"), options, clock_);
  EXPECT_EQ(RunToCsv(engine, "select count(*) as n from sp500.bars").ValueOrDie(), "n\n0\n");
}

// The second wall alone, as if the first had let everything through.
TEST_F(DuckDbS3Test, DuckDbItselfReachesTheTablesFolderOnly) {
  const auto session = ClosedSession(Access());
  const std::string inside = "s3://lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet";
  ASSERT_EQ(session->Texts("select count(*)::varchar from read_parquet('" + inside + "')").ValueOrDie(),
            std::vector<std::string>{"3"});
  Listener evil;
  const std::string port = std::to_string(evil.port);
  const int others = server_->Requests("other/") + server_->Requests("secret/");
  const std::vector<std::string> hostile = {
      "from read_parquet('s3://other/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('s3://lake/secret/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('s3://lake/pre/sp500/rejected/bars/dt=2017-08-10/bars.parquet')",
      "from read_parquet('s3a://lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('s3n://lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('gcs://lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('hf://datasets/a/b.parquet')",
      "from read_parquet('" + server_->endpoint() + "/lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "from read_parquet('http://127.0.0.1:" + port + "/x.parquet')",
      "from read_parquet('" + inside + "?s3_endpoint=127.0.0.1:" + port + "&s3_use_ssl=false')",
      "from read_parquet('" + inside + "?s3_access_key_id=x&s3_secret_access_key=y')",
      "from read_parquet('s3://lake/pre/sp500/clean/bars/*/*.parquet')",
      "from glob('s3://other/*')",
      "from glob('s3://lake/*')",
      "from read_csv('/etc/passwd')",
      "from read_text('/proc/self/environ')",
      "from read_parquet('" + files_ + "/lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
      "copy (select 1) to 's3://other/evil.parquet'",
      "copy (select 1) to '/tmp/penstock-evil.parquet'",
      "attach 's3://other/x.db'",
      "set s3_url_compatibility_mode = false",
      "set s3_endpoint = '127.0.0.1:" + port + "'",
      "set enable_external_access = true",
      "set allow_unredacted_secrets = true",
      "install json",
      "load '/tmp/evil.duckdb_extension'"};
  for (const std::string& sql : hostile) EXPECT_FALSE(session->Run(sql).ok()) << sql;
  EXPECT_EQ(server_->Requests("other/") + server_->Requests("secret/"), others) << "not even asked";
  // The HTTP library takes ".." out of the path that was signed: the server refuses such a signature.
  EXPECT_EQ(CodeOf(session->Run(
                "from read_parquet('s3://lake/pre/sp500/clean/bars/../../../../secret/sp500/clean/bars/"
                "dt=2017-08-11/bars.parquet')")),
            ErrorCode::kPermissionDenied);
  pollfd waiting{evil.fd, POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0) << "nobody connected";
}

TEST_F(DuckDbS3Test, HostileStatementsAreRefusedBeforeTheyRun) {
  auto engine = MakeEngine(Access());
  for (const std::string& sql : std::vector<std::string>{
           "from read_parquet('s3://lake/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet')",
           "select * from 's3://other/pre/sp500/clean/bars/dt=2017-08-11/bars.parquet'",
           "from duckdb_secrets()",
           "from which_secret('s3://lake/pre/', 's3')",
           "create secret s (type s3)",
           "drop secret lake",
           "load httpfs",
           "copy bars to 's3://lake/pre/evil.parquet'",
       }) {
    const auto result = RunToCsv(engine, sql);
    ASSERT_FALSE(result.ok()) << sql;
    EXPECT_THAT(Describe(result.status()), Not(HasSubstr(kSecret))) << sql;
  }
}

TEST_F(DuckDbS3Test, WrongCredentialsAreTold) {
  S3Access access = Access();
  std::string token;
  access.credentials = [&token](std::stop_token) -> Result<S3Credentials> {
    return S3Credentials{kKey, "another-secret-1", token};
  };
  for (const char* one : {"", "token-of-a-session"}) {  // of which the server knows none
    token = one;
    auto engine = MakeEngine(access);
    const auto result = RunToCsv(engine, "select count(*) from bars");
    EXPECT_EQ(CodeOf(result.status()), ErrorCode::kPermissionDenied) << result.status();
    const std::string text = Describe(result.status());
    EXPECT_THAT(text, Not(HasSubstr("another-secret-1")));
    EXPECT_THAT(text, Not(HasSubstr("token-of-a-session")));
  }
  access.credentials = [](std::stop_token) -> Result<S3Credentials> {
    return MakeError(ErrorCode::kUnauthenticated, "no credentials");
  };
  auto without = MakeEngine(access);
  EXPECT_EQ(CodeOf(RunToCsv(without, "from bars").status()), ErrorCode::kUnauthenticated);
}

// A server that repeats what it was sent: the session's token arrives, and no error shows it.
TEST_F(DuckDbS3Test, TheSessionsTokenIsSentAndNotShown) {
  Listener echo;
  std::string head;
  std::jthread server([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const int fd = ::accept(echo.fd, nullptr, nullptr);
      if (fd < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) break;
        request.append(buffer, static_cast<size_t>(got));
      }
      head += request;
      const std::string body =
          "<Error><Code>ExpiredToken</Code><Message>expired: token-of-a-session AKIDTEST</Message></Error>";
      const std::string answer =
          "HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: close\r\n"
          "Content-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + (request.starts_with("HEAD") ? "" : body);
      (void)!::write(fd, answer.data(), answer.size());
      ::close(fd);
    }
  });
  S3Access access = Access();
  access.endpoint = "http://127.0.0.1:" + std::to_string(echo.port);
  access.credentials = [](std::stop_token) -> Result<S3Credentials> {
    return S3Credentials{kKey, kSecret, "token-of-a-session"};
  };
  auto engine = MakeEngine(access);
  const auto result = RunToCsv(engine, "select count(*) from bars");
  server.request_stop();
  ::shutdown(echo.fd, SHUT_RDWR);
  server.join();
  EXPECT_EQ(CodeOf(result.status()), ErrorCode::kPermissionDenied) << result.status();
  EXPECT_THAT(head, testing::ContainsRegex("[Xx]-[Aa]mz-[Ss]ecurity-[Tt]oken: token-of-a-session"));
  EXPECT_THAT(Describe(result.status()), Not(HasSubstr("token-of-a-session")));
  EXPECT_THAT(Describe(result.status()), Not(HasSubstr("AKIDTEST")));
}

// DuckDB's own default is to trust anybody.
TEST_F(DuckDbS3Test, OnlyATrustedServerGetsTheSignature) {
  if (system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl program";
  const std::string certificate = lake_->root() + "/cert.pem";
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -out '" +
      certificate + "' -keyout '" + certificate + ".key' 2>/dev/null";
  ASSERT_EQ(system(command.c_str()), 0);
  S3Server server(files_, certificate);
  S3Access access = Access();
  access.endpoint = "https://" + server.host();
  auto distrustful = MakeEngine(access);
  const auto refused = RunToCsv(distrustful, "select count(*) as n from bars");
  ASSERT_FALSE(refused.ok()) << *refused;
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kIo) << refused.status();
  access.ca_file = certificate;
  auto trusting = MakeEngine(access);
  EXPECT_EQ(RunToCsv(trusting, "select count(*) as n from bars").ValueOrDie(), "n\n9\n");
}

TEST_F(DuckDbS3Test, WithoutTheExtensionNothingIsFetched) {
  DuckDbOptions options;
  options.s3 = Access();
  options.httpfs_candidates = {"/nowhere/httpfs.duckdb_extension"};
  DuckDbEngine engine(Views(), options, clock_);
  const auto result = RunToCsv(engine, "from sp500.bars");
  EXPECT_EQ(CodeOf(result.status()), ErrorCode::kConfiguration);
  EXPECT_THAT(result.status().message(), HasSubstr("/nowhere/httpfs.duckdb_extension"));
  auto no_access = MakeEngine(std::nullopt);
  EXPECT_EQ(CodeOf(RunToCsv(no_access, "from bars").status()), ErrorCode::kConfiguration);
  S3Access access = Access();
  access.endpoint = "ftp://example.com";
  auto wrong = MakeEngine(access);
  EXPECT_EQ(CodeOf(RunToCsv(wrong, "from bars").status()), ErrorCode::kConfiguration);
}

}  // namespace
}  // namespace penstock::query
