// The client's TLS against OpenSSL's own test server, with a certificate made here. (ca-certificates, which
// TLS needs anyway, brings the openssl program along.)
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "net/curl_client.h"

namespace penstock::net {
namespace {

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    if (system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl program";
    folder_ = std::filesystem::temp_directory_path() / fmt::format("penstock-tls-{}", getpid());
    std::filesystem::create_directories(folder_);
    ASSERT_EQ(
        system(fmt::format(
                   "cd '{}' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                   "-keyout key.pem -out cert.pem -days 2 -subj /CN=test "
                   "-addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1",
                   folder_.string())
                   .c_str()),
        0);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    server_ = fork();
    if (server_ == 0) {
      dup2(ends[1], 1);
      close(ends[0]);
      if (chdir(folder_.c_str()) != 0) _exit(1);
      execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "cert.pem", "-key",
             "key.pem", nullptr);
      _exit(1);
    }
    close(ends[1]);
    std::string said;  // "ACCEPT 127.0.0.1:43210\n"
    char c = 0;
    while (port_ == 0 && read(ends[0], &c, 1) == 1) {
      if (c != '\n') {
        said += c;
      } else if (const size_t colon = said.rfind(':');
                 said.starts_with("ACCEPT") && colon != std::string::npos) {
        port_ = std::stoi(said.substr(colon + 1));
      } else {
        said.clear();
      }
    }
    output_ = ends[0];
    ASSERT_GT(port_, 0) << said;
  }

  void TearDown() override {
    if (server_ > 0) {
      kill(server_, SIGTERM);
      waitpid(server_, nullptr, 0);
      close(output_);
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  pid_t server_ = -1;
  int output_ = -1;
  int port_ = 0;
};

TEST_F(Tls, OnlyATrustedCertificateOfTheRightName) {
  const std::string url = fmt::format("https://127.0.0.1:{}/", port_);
  auto distrusting = *CurlClient::Make();
  const auto refused = distrusting->Send({.url = url + "?secret"});
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kUnauthenticated) << refused.status();
  EXPECT_EQ(refused.status().ToString().find("secret"), std::string::npos);

  auto trusting = *CurlClient::Make({.ca_file = folder_ / "cert.pem"});
  const auto answer = trusting->Send({.url = url});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_NE(answer->body.find("s_server"), std::string::npos);

  const auto misnamed = trusting->Send({.url = fmt::format("https://localhost:{}/", port_)});
  EXPECT_EQ(CodeOf(misnamed.status()), ErrorCode::kUnauthenticated) << misnamed.status();
}

}  // namespace
}  // namespace penstock::net
