// A receiver that is never the bottleneck: takes every mail (SMTP with PIPELINING, RFC 2920) or
// every POST (HTTP/1.1) on one epoll thread, keeps nothing and counts. For benchmarks alone: it
// believes its clients.
//
//   fast_sink smtp|http    prints "port N", then answers each line of stdin:
//     reset     "ok", and counts from nothing again
//     count     "COUNT LAST": how many were accepted, and when the last was, milliseconds since
//     1970
// It ends with its stdin.
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t read_bytes = 256U << 10;
constexpr int events_max = 256;

struct Tally {
  std::uint64_t count = 0;
  std::int64_t last_ms = 0;

  void add() {
    ++count;
    last_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count();
  }
};

// What a connection has sent and is not dealt with yet, and what is to be answered.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual std::string greeting() const = 0;
  // Appends the answers to `out`; false ends the connection after them.
  virtual bool take(std::string_view bytes, Tally& tally, std::string& out) = 0;
};

class SmtpConversation final : public Conversation {
 public:
  std::string greeting() const override { return "220 sink\r\n"; }

  bool take(std::string_view bytes, Tally& tally, std::string& out) override {
    rest_ += bytes;
    std::size_t at = 0;
    bool open = true;
    while (open) {
      const std::size_t end = rest_.find(in_mail_ ? "\r\n.\r\n" : "\r\n", at);
      if (end == std::string::npos) break;
      if (in_mail_) {
        in_mail_ = false;
        tally.add();
        out += "250 2.0.0 taken\r\n";
        at = end + 5;
      } else {
        open = command(std::string_view(rest_).substr(at, 4), out);
        // DATA's line end may be the one that the final dot of an empty mail needs.
        at = in_mail_ ? end : end + 2;
      }
    }
    rest_.erase(0, at);
    // Of a mail's text only what the mark of its end may have begun with counts.
    if (in_mail_ && rest_.size() > 4) rest_.erase(0, rest_.size() - 4);
    return open;
  }

 private:
  bool command(std::string_view verb, std::string& out) {
    const auto is = [&](std::string_view name) {
      for (std::size_t i = 0; i < name.size(); ++i) {
        if (i >= verb.size() || (verb[i] & ~0x20) != name[i]) return false;
      }
      return true;
    };
    if (is("EHLO")) {
      out += "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 100000000\r\n";
    } else if (is("DATA")) {
      in_mail_ = true;
      out += "354 go on\r\n";
    } else if (is("QUIT")) {
      out += "221 bye\r\n";
      return false;
    } else {
      out += "250 ok\r\n";
    }
    return true;
  }

  std::string rest_;
  bool in_mail_ = false;
};

class HttpConversation final : public Conversation {
 public:
  std::string greeting() const override { return {}; }

  bool take(std::string_view bytes, Tally& tally, std::string& out) override {
    rest_ += bytes;
    std::size_t at = 0;
    for (;;) {
      const std::size_t head_end = rest_.find("\r\n\r\n", at);
      if (head_end == std::string::npos) break;
      const std::string_view head = std::string_view(rest_).substr(at, head_end + 2 - at);
      const std::size_t next = head_end + 4 + body_bytes(head);
      if (rest_.size() < next) break;
      at = next;
      tally.add();
      out += "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    }
    rest_.erase(0, at);
    return true;
  }

 private:
  static std::size_t body_bytes(std::string_view head) {
    constexpr std::string_view name = "\r\ncontent-length:";
    for (std::size_t start = 0; start + name.size() <= head.size(); ++start) {
      std::size_t same = 0;
      while (same < name.size() && lower(head[start + same]) == name[same]) ++same;
      if (same < name.size()) continue;
      std::string_view value = head.substr(start + name.size());
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      std::size_t size = 0;
      std::from_chars(value.data(), value.data() + value.size(), size);
      return size;
    }
    return 0;
  }
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

  std::string rest_;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

class Sink {
 public:
  explicit Sink(bool is_smtp) : is_smtp_(is_smtp) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0) fail("listen");
    if (::getsockname(listener_, generic, &size) != 0) fail("getsockname");
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_);
    watch(STDIN_FILENO);
  }

  void run() {
    std::array<epoll_event, events_max> events{};
    for (;;) {
      const int ready = ::epoll_wait(epoll_, events.data(), events_max, -1);
      for (int i = 0; i < ready; ++i) {
        const int file = events[static_cast<std::size_t>(i)].data.fd;
        if (file == listener_) {
          accept_all();
        } else if (file == STDIN_FILENO) {
          if (!obey()) return;
        } else {
          read(file);
        }
      }
    }
  }

 private:
  void watch(int file) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = file}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, file, &event) != 0) fail("epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      const int file = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (file < 0) return;
      const int on = 1;
      ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto& conversation = conversations_[file];
      if (is_smtp_) {
        conversation = std::make_unique<SmtpConversation>();
      } else {
        conversation = std::make_unique<HttpConversation>();
      }
      watch(file);
      say(file, conversation->greeting());
    }
  }

  // Answers are a few hundred bytes to a peer that waits for them: they fit the socket's buffer.
  bool say(int file, std::string_view text) {
    return text.empty() || ::write(file, text.data(), text.size()) >= 0;
  }

  void read(int file) {
    const ssize_t got = ::read(file, buffer_.data(), buffer_.size());
    bool open = got > 0;
    if (open) {
      out_.clear();
      const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
      open = conversations_.at(file)->take(bytes, tally_, out_);
      open = say(file, out_) && open;
    }
    if (open) return;
    conversations_.erase(file);
    ::close(file);
  }

  bool obey() {
    std::array<char, 256> text{};
    const ssize_t got = ::read(STDIN_FILENO, text.data(), text.size());
    if (got <= 0) return false;
    commands_.append(text.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = commands_.find('\n')) != std::string::npos;) {
      if (commands_.starts_with("reset")) {
        tally_ = {};
        std::puts("ok");
      } else {
        std::printf("%llu %lld\n", static_cast<unsigned long long>(tally_.count),
                    static_cast<long long>(tally_.last_ms));
      }
      commands_.erase(0, end + 1);
    }
    std::fflush(stdout);
    return true;
  }

  bool is_smtp_;
  int listener_ = -1;
  int epoll_ = -1;
  std::unordered_map<int, std::unique_ptr<Conversation>> conversations_;
  std::vector<char> buffer_ = std::vector<char>(read_bytes);
  std::string out_;
  std::string commands_;
  Tally tally_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::string_view protocol = count == 2 ? arguments[1] : "";
  if (protocol != "smtp" && protocol != "http") {
    std::fputs("usage: fast_sink smtp|http\n", stderr);
    return 2;
  }
  Sink(protocol == "smtp").run();
}
