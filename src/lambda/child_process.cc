#include "lambda/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>

namespace penstock::lambda {
namespace {

// What went wrong between fork and exec, through the pipe.
struct StartFault {
  int error;
  char step;
};

std::string_view NameOfStep(char step) {
  switch (step) {
    case 'd': return "enter its folder";
    case 'm': return "limit its memory";
    case 'f': return "connect its output";
    default: return "run it";
  }
}

// Everything the child needs between fork and exec, made before: there, another thread may have held the
// allocator's lock for ever.
struct Plan {
  std::vector<char*> arguments, environment;
  const char* folder;
  rlim_t memory;
  int output, errors, status;
  pid_t parent;
};

[[noreturn]] void Fail(const Plan& plan, char step) {
  const StartFault fault{errno, step};
  [[maybe_unused]] const ssize_t written = ::write(plan.status, &fault, sizeof fault);
  ::_exit(127);
}

// Only async-signal-safe calls.
[[noreturn]] void RunChild(const Plan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // died before the line above
  // A set-user-id program would lose the line above, and gain what a handler must not have.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(plan.folder) != 0) Fail(plan, 'd');
  const rlimit no_core{0, 0};  // it would hold the records
  ::setrlimit(RLIMIT_CORE, &no_core);
  // Where the machine has no memory left, the handler goes before we do.
  if (const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(score, "500", 3);
    ::close(score);
  }
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0 ||
      ::dup2(plan.errors, STDERR_FILENO) < 0) {
    Fail(plan, 'f');
  }
  // None of our files and sockets, whoever forgot to say so.
  constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, Linux 5.11
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec) != 0) {
    for (int fd = 3; fd < 65'536; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  // Last, and by bare system calls: until then the memory is ours, which may be more, above all under a
  // sanitizer.
  if (plan.memory != 0) {
    const rlimit limit{plan.memory, plan.memory};
    if (::syscall(SYS_setrlimit, RLIMIT_DATA, &limit) != 0) Fail(plan, 'm');
  }
  ::syscall(SYS_execve, plan.arguments[0], plan.arguments.data(), plan.environment.data());
  Fail(plan, 'x');
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Both ends closed at the latest with the object.
struct Pipe {
  int read = -1, write = -1;
  bool Open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  static void Close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  ~Pipe() {
    Close(read);
    Close(write);
  }
};

bool HasMark(const std::filesystem::path& process, const std::string& mark) {
  std::ifstream file(process / "environ", std::ios::binary);
  const std::string environment((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return environment.find(mark) != std::string::npos;
}

// All that `root` started and what those started, as far as their parents live. proc(5), /proc/pid/stat.
std::vector<pid_t> DescendantsOf(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    const size_t names_end = text.rfind(')');
    char state = 0;
    pid_t parent = 0;
    if (names_end == std::string::npos) continue;
    if (std::istringstream(text.substr(names_end + 1)) >> state >> parent) {
      children.emplace(parent, static_cast<pid_t>(std::stol(name)));
    }
  }
  std::vector<pid_t> found{root};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i]);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

// Answers how many were found.
int KillMarked(const std::string& mark) {
  int found = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos || !HasMark(entry.path(), mark)) continue;
    if (::kill(static_cast<pid_t>(std::stol(name)), SIGKILL) == 0) ++found;
  }
  return found;
}

}  // namespace

std::string ChildEnd::Text() const {
  if (!signaled) return fmt::format("exit status {}", code);
  const char* name = ::sigdescr_np(code);
  return fmt::format("signal: {}", name == nullptr ? std::to_string(code) : name);
}

Result<std::string> FindProgram(const std::string& name, const std::string& folder, const std::string& path) {
  const auto is_program = [](const std::string& candidate) {
    struct stat state{};
    return ::stat(candidate.c_str(), &state) == 0 && S_ISREG(state.st_mode) &&
           ::access(candidate.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    const std::string candidate = name.front() == '/' ? name : folder + "/" + name;
    if (is_program(candidate)) return candidate;
    return MakeError(ErrorCode::kNotFound, fmt::format("not a program that can be run: {}", candidate),
                     "check the path in `command`; a relative one begins at the handler's folder");
  }
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (end > begin && is_program(candidate)) return candidate;
    begin = end + 1;
  }
  return MakeError(ErrorCode::kNotFound, fmt::format("no program '{}' on the PATH ({})", name, path),
                   "install it, or give its whole path in `command`");
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ChildOptions& options) {
  Pipe output, errors, status;
  if (!output.Open() || !errors.Open() || !status.Open()) {
    return MakeError(ErrorCode::kIo, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  const Plan plan{.arguments = Pointers(options.command),
                  .environment = Pointers(options.environment),
                  .folder = options.folder.c_str(),
                  .memory = static_cast<rlim_t>(options.memory_bytes),
                  .output = output.write,
                  .errors = errors.write,
                  .status = status.write,
                  .parent = ::getpid()};
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours runs in the child
  // Without the handlers that libraries set at fork: allocators take all their locks there, and the child
  // allocates nothing.
  const pid_t pid = ::_Fork();
  if (pid == 0) RunChild(plan);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    return MakeError(ErrorCode::kResourceExhausted,
                     fmt::format("cannot start a process: {}", std::strerror(fork_error)));
  }
  ::setpgid(pid, pid);  // as the child does: whoever comes first
  Pipe::Close(output.write);
  Pipe::Close(errors.write);
  Pipe::Close(status.write);

  std::unique_ptr<ChildProcess> child(new ChildProcess());
  child->pid_ = pid;
  child->mark_ = options.mark;
  StartFault fault{};
  ssize_t read = 0;
  do read = ::read(status.read, &fault, sizeof fault);
  while (read < 0 && errno == EINTR);
  if (read == sizeof fault) {
    return MakeError(
        ErrorCode::kConfiguration,
        fmt::format("cannot {}: {}: {}", NameOfStep(fault.step),
                    fault.step == 'd' ? options.folder : options.command[0], std::strerror(fault.error)));
  }
  child->ended_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (child->ended_ < 0) {
    return MakeError(ErrorCode::kUnavailable, fmt::format("pidfd_open: {}", std::strerror(errno)),
                     "handlers need Linux 5.3, and a container that allows pidfd_open");
  }
  ::fcntl(child->ended_, F_SETFD, FD_CLOEXEC);
  child->output_ = std::exchange(output.read, -1);
  child->errors_ = std::exchange(errors.read, -1);
  ::fcntl(child->output_, F_SETFL, O_NONBLOCK);
  ::fcntl(child->errors_, F_SETFL, O_NONBLOCK);
  return child;
}

ChildProcess::~ChildProcess() {
  if (!waited_) {
    Kill();
    Wait();
  }
  Pipe::Close(output_);
  Pipe::Close(errors_);
  Pipe::Close(ended_);
}

void ChildProcess::KillAll() {
  // Held still while we look: it starts nothing more. What is just being executed shows no mark yet, but has
  // a parent; what has lost its parent shows its mark.
  ::kill(-pid_, SIGSTOP);
  for (const pid_t each : DescendantsOf(pid_)) ::kill(each, SIGKILL);
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  // What forks while it is being looked for is found the next time.
  for (int round = 0; round < 20 && !mark_.empty() && KillMarked(mark_) > 0; ++round) {
  }
}

void ChildProcess::Kill() {
  const std::lock_guard lock(mutex_);
  if (!waited_) KillAll();
}

ChildEnd ChildProcess::Wait() {
  siginfo_t end{};
  // It stays a zombie here, so that nobody else gets its number before all is killed that bears it.
  while (::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::lock_guard lock(mutex_);
  KillAll();
  int state = 0;
  while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
  }
  waited_ = true;
  if (WIFSIGNALED(state)) return {.signaled = true, .code = WTERMSIG(state)};
  return {.signaled = false, .code = WEXITSTATUS(state)};
}

}  // namespace penstock::lambda
