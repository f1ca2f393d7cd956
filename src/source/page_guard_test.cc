// The guard over streamed answers; over whole ones: fmp_source_test.cc.
#include "source/page_guard.h"

#include <gtest/gtest.h>

namespace penstock::source {
namespace {

// Gives one body in pieces of `piece` bytes.
class Dripping : public net::HttpClient {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request, std::stop_token) override {
    net::HttpResponse response{.status = status};
    if (status != 200) {
      response.body = body;
      return response;
    }
    if (request.on_head) RETURN_IF_ERROR(request.on_head(response));
    for (size_t begin = 0; begin < body.size(); begin += piece)
      RETURN_IF_ERROR(request.on_body(std::string_view(body).substr(begin, piece)));
    return response;
  }
  int status = 200;
  std::string body;
  size_t piece = 10;
};

class PageGuardStream : public testing::Test {
 protected:
  Result<net::HttpResponse> Send(std::string body, int status = 200) {
    client_.body = std::move(body);
    client_.status = status;
    got_.clear();
    heads_ = 0;
    net::HttpRequest request{.url = "https://h.example/p?secret"};
    request.on_head = [this](const net::HttpResponse& head) {
      EXPECT_EQ(head.body, "");
      ++heads_;
      return Status::OK();
    };
    request.on_body = [this](std::string_view piece) {
      EXPECT_EQ(heads_, 1);
      got_ += piece;
      return Status::OK();
    };
    return PageGuard(client_).Send(request);
  }
  Dripping client_;
  std::string got_;
  int heads_ = 0;
};

TEST_F(PageGuardStream, DataPassesWhole) {
  for (const size_t size : {1u, 1023u, 1024u, 1025u, 100'000u}) {
    const std::string body(size, 'x');
    const auto response = Send(body);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "");
    EXPECT_EQ(got_, body);
    EXPECT_EQ(heads_, 1);
  }
}

TEST_F(PageGuardStream, APageIsHeldBackHoweverItComes) {
  for (const std::string& body :
       {std::string(), std::string("  \n<html>wait</html>"), "<!DOCTYPE html>" + std::string(50'000, 'x')}) {
    EXPECT_EQ(CodeOf(Send(body).status()), ErrorCode::kUnavailable);
    EXPECT_EQ(got_, "");
    EXPECT_EQ(heads_, 0);
  }
  EXPECT_EQ(CodeOf(Send(R"({"Error Message": "Limit Reach . Please upgrade"})").status()),
            ErrorCode::kThrottled);
  EXPECT_EQ(got_, "");
}

TEST_F(PageGuardStream, AFailureKeepsItsBody) {
  const auto response = Send("<html>not here</html>", 404);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "<html>not here</html>");
}

}  // namespace
}  // namespace penstock::source
