#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <stop_token>
#include <thread>

#include "cli/app.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::printf("%s\n", penstock::cli::kVersion.data());
    return 0;
  }
  // Ctrl-C asks for an orderly stop; a second one ends at once. A reader that goes away is no reason to die
  // half-way.
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::thread([signals, stop]() mutable {
    for (int received = 0; sigwait(&signals, &received) == 0;) {
      if (stop.stop_requested()) ::_exit(130);
      stop.request_stop();
    }
  }).detach();
  const int code = penstock::cli::RunApp(argc, argv, stop.get_token());
  std::fflush(nullptr);
  // Threads of libraries may still run; there is nothing left that needs them.
  ::_exit(code);
}
