// What a function is: a command that serves a handler by the Lambda Runtime API.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace penstock::lambda {

struct FunctionSpec {
  std::string name;  // AWS_LAMBDA_FUNCTION_NAME, and of its lines in the log
  // The program and its arguments, as one would type them: {"python3", "-m", "awslambdaric", "app.handler"}.
  // The program is found on the PATH, or relative to `folder` when it has a slash.
  std::vector<std::string> command;
  std::string folder;   // LAMBDA_TASK_ROOT, and where it starts
  std::string handler;  // _HANDLER; empty: the last word of `command`
  std::string region = "us-east-1";
  // Added to what every child gets (function.h).
  std::vector<std::pair<std::string, std::string>> environment;
  int children = 1;                  // that work at the same time; each is started when it is first needed
  int64_t timeout_ms = 60'000;       // of one invocation; its child is killed
  int64_t init_timeout_ms = 60'000;  // until a child asks for its first event
  int64_t memory_mib = 1024;         // of each process: child_process.h; 0: no limit
  int64_t log_bytes = 1 << 20;       // of what is printed during one invocation
};

}  // namespace penstock::lambda
