#include "daemon/cli/program.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encoding.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to us

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::size_t complaint_bytes_max = std::size_t{64} << 10;
constexpr std::size_t complaint_shown_bytes_max = 300;

base::Error system_error(const std::string& what, int code) {
  return {ErrorKind::unavailable, what + ": " + std::generic_category().message(code), {}, {}};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

// A file in memory: neither side waits for the other, as they would on pipes.
Result<Descriptor> memory_file() {
  Descriptor file(::memfd_create("nurtured", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (file.number() < 0) return base::fail(system_error("no memory for a file", errno));
  return file;
}

Result<Descriptor> input_file(std::string_view text) {
  auto file = memory_file();
  if (!file) return file;
  while (!text.empty()) {
    const ssize_t count = ::write(file->number(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail(system_error("no memory for a file", errno));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  ::lseek(file->number(), 0, SEEK_SET);
  return file;
}

// It has its greatest size from the beginning and is sealed against growing: writing on fails in
// whoever writes. How much was written is where its offset stands, which both sides share. The
// slack shows that more was to be written: a write that does not fit whole may fail whole.
constexpr std::size_t slack = std::size_t{1} << 20;
Result<Descriptor> output_file(std::size_t bytes_max) {
  auto file = memory_file();
  if (!file) return file;
  if (::ftruncate(file->number(), static_cast<off_t>(bytes_max + slack)) != 0 ||
      ::fcntl(file->number(), F_ADD_SEALS, F_SEAL_GROW) != 0) {
    return base::fail(system_error("no memory for a file", errno));
  }
  return file;
}

Result<std::string> written_to(const Descriptor& file) {
  std::string text(static_cast<std::size_t>(::lseek(file.number(), 0, SEEK_CUR)), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::pread(file.number(), text.data() + filled, text.size() - filled,
                                  static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(system_error("an answer cannot be read", errno));
    filled += static_cast<std::size_t>(count);
  }
  return text;
}

struct Streams {
  int in = -1;
  int out = -1;
  int err = -1;
};

Result<pid_t> spawn(const std::vector<std::string>& arguments, const Streams& streams,
                    bool detach) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  // posix_spawnp takes them without const and leaves them alone.
  for (const auto& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, streams.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.err, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // main() ignores SIGPIPE, which another program would inherit.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  const int flags = POSIX_SPAWN_SETSIGDEF | (detach ? POSIX_SPAWN_SETSID : 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  pid_t child = 0;
  const int fault =
      ::posix_spawnp(&child, words.front(), &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (fault == ENOENT) {
    return base::fail(ErrorKind::not_found,
                      "the program " + arguments.front() + " is not installed");
  }
  if (fault != 0) return base::fail(system_error(arguments.front() + " does not start", fault));
  return child;
}

// Its exit status as waitpid has it; `unavailable` when its time was up.
Result<int> wait_for_end(pid_t child, const std::string& name, std::chrono::seconds time_max) {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd waits{.fd = handle.number(), .events = POLLIN, .revents = 0};
  int ready = -1;
  do {
    ready = ::poll(&waits, 1, static_cast<int>(std::chrono::milliseconds(time_max).count()));
  } while (ready < 0 && errno == EINTR);
  const bool is_late = ready == 0;
  if (is_late) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return base::fail(system_error(name + " was lost", errno));
  }
  if (is_late) {
    return base::fail(ErrorKind::unavailable,
                      fmt::format("{} took more than {} s and was ended", name, time_max.count()));
  }
  return status;
}

}  // namespace

Result<std::string> run_filter(const std::vector<std::string>& arguments, std::string_view input,
                               const ProgramLimits& limits) {
  const auto in = input_file(input);
  if (!in) return base::fail(in.error());
  const auto out = output_file(limits.output_bytes_max);
  if (!out) return base::fail(out.error());
  const auto err = output_file(complaint_bytes_max);
  if (!err) return base::fail(err.error());
  const std::string& name = arguments.front();
  const auto child = spawn(arguments, {in->number(), out->number(), err->number()}, false);
  if (!child) return base::fail(child.error());
  const auto status = wait_for_end(*child, name, limits.time_max);
  if (!status) return base::fail(status.error());
  auto text = written_to(*out);
  if (!text) return text;
  if (text->size() > limits.output_bytes_max) {
    return base::fail(ErrorKind::too_large,
                      fmt::format("{} made more than {} bytes", name, limits.output_bytes_max));
  }
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return text;
  auto complaint = written_to(*err);
  if (!complaint) return complaint;
  return base::fail(fmt::format(
      "{} failed: {}", name, base::cut_utf8(base::trimmed(*complaint), complaint_shown_bytes_max)));
}

Result<void> start_program(const std::vector<std::string>& arguments) {
  const Descriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (nowhere.number() < 0) return base::fail(system_error("/dev/null", errno));
  const auto child = spawn(arguments, {nowhere.number(), nowhere.number(), nowhere.number()}, true);
  if (!child) return base::fail(child.error());
  return {};
}

}  // namespace nurtured::daemon::cli
