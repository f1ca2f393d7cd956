// A handler in C++ with a client of the Runtime API of its own, by nothing but sockets: answers the event's
// bytes backwards, as a JSON text.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// One request, on a connection of its own; the whole answer, head and body.
std::string Call(const std::string& address, const std::string& method, const std::string& target,
                 const std::string& body) {
  const size_t colon = address.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::exit(1);
  const std::string request = method + " /2018-06-01/runtime/" + target + " HTTP/1.1\r\nHost: " + address +
                              "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body;
  for (size_t sent = 0; sent < request.size();) {
    const ssize_t more = write(fd, request.data() + sent, request.size() - sent);
    if (more <= 0) std::exit(1);
    sent += static_cast<size_t>(more);
  }
  std::string answer;
  char piece[4096];
  for (ssize_t size; (size = read(fd, piece, sizeof piece)) > 0;)
    answer.append(piece, static_cast<size_t>(size));
  close(fd);
  return answer;
}

}  // namespace

int main() {
  const std::string address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  for (;;) {
    const std::string answer = Call(address, "GET", "invocation/next", "");
    const std::string name = "Lambda-Runtime-Aws-Request-Id: ";
    const size_t begin = answer.find(name) + name.size();
    const std::string id = answer.substr(begin, answer.find("\r\n", begin) - begin);
    std::string event = answer.substr(answer.find("\r\n\r\n") + 4);
    std::erase(event, '"');
    std::reverse(event.begin(), event.end());
    std::printf("reversed %zu bytes\n", event.size());
    std::fflush(stdout);
    Call(address, "POST", "invocation/" + id + "/response", "\"" + event + "\"");
  }
}
