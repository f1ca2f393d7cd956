// For tests only: a program of tests/servers, started for this process and ended with it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace penstock::aws {

// Runs tests/servers/`script` of the project at `root` with the Python of the tests. Answers the address that
// it prints; empty when it cannot be started, its own words are on stderr. It ends when its standard input
// does, which is when this process does.
inline std::string StartTestServer(const std::string& root, const std::string& script) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return "";
  const std::string python = root + "/build/venv/bin/python";
  const std::string program = root + "/tests/servers/" + script;
  if (::fork() == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::execl(python.c_str(), python.c_str(), "-B", program.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  std::string line;
  for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace penstock::aws
