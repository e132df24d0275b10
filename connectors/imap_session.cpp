#include "connectors/imap_session.h"

#include <algorithm>
#include <utility>

#include <poll.h>

#include "connectors/connector.h"
#include "connectors/imap_reader.h"
#include "connectors/mail_fields.h"
#include "http/curl_multi.h"

namespace nurtured::connectors {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

// How soon a wait hears that it is to stop.
constexpr std::chrono::milliseconds stop_interval = 200ms;
constexpr std::size_t read_bytes = 64 << 10;
// Untagged responses to one command: flags and expunges of a busy mailbox may come at any moment.
constexpr std::size_t responses_max = 100'000;

int on_progress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(data)->load() ? 1 : 0;
}

tl::unexpected<base::Error> refused(CURLcode code) {
  const bool is_denied = code == CURLE_LOGIN_DENIED || code == CURLE_PEER_FAILED_VERIFICATION ||
                         code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CACERT_BADFILE;
  return fail(is_denied ? ErrorKind::denied : ErrorKind::unavailable, curl_easy_strerror(code));
}

void prepare(CURL* easy, const ImapOptions& options, const std::atomic<bool>& stop) {
  curl_easy_setopt(easy, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.answer_time_max.count()));
  curl_easy_setopt(easy, CURLOPT_USERNAME, options.user.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, options.password.reveal().c_str());
  const bool verify = options.tls == ImapTls::required;
  curl_easy_setopt(easy, CURLOPT_USE_SSL, verify ? CURLUSESSL_ALL : CURLUSESSL_NONE);
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &stop);
}

bool is_ok(const ImapResponse& answer) {
  return ascii_lower(answer.text.substr(0, 2)) == "ok";
}

}  // namespace

class ImapSession::Impl {
 public:
  Impl(const ImapOptions& options, const std::atomic<bool>& stop)
      : easy(http::make_curl_handle()),
        folder(options.folder),
        time_max_(options.answer_time_max),
        stop_(stop) {
    prepare(easy.get(), options, stop);
  }

  // Says the command and gives its untagged responses and, last, the tagged one.
  Result<std::vector<ImapResponse>> command(const std::string& words) {
    const std::string tag = "n" + std::to_string(++commands_);
    const Deadline deadline = std::chrono::steady_clock::now() + time_max_;
    if (auto said = send(tag + " " + words + "\r\n", deadline); !said) {
      return fail(std::move(said.error()));
    }
    std::vector<ImapResponse> responses;
    while (true) {
      auto response = receive(deadline);
      if (!response) return fail(std::move(response.error()));
      const bool is_last = response->tag == tag;
      responses.push_back(*std::move(response));
      if (is_last) return responses;
      if (responses.size() == responses_max) {
        return fail(ErrorKind::too_large, "the server does not come to an end");
      }
    }
  }

  // Likewise, where anything but OK is a failure of ours or the server's.
  Result<std::vector<ImapResponse>> done(const std::string& words) {
    auto responses = command(words);
    if (responses && !is_ok(responses->back())) {
      return fail(ErrorKind::unavailable, to_reason(responses->back().text));
    }
    return responses;
  }

  http::CurlHandle easy;
  std::string folder;

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  // Until the socket can be read or written.
  Result<void> wait(short events, Deadline deadline) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return fail(ErrorKind::unavailable, "the connection is gone");
    while (!stop_) {
      if (std::chrono::steady_clock::now() >= deadline) {
        return fail(ErrorKind::unavailable, "the server does not answer");
      }
      pollfd watched{.fd = socket, .events = events, .revents = 0};
      if (::poll(&watched, 1, static_cast<int>(stop_interval.count())) != 0) return {};
    }
    return fail(ErrorKind::unavailable, "stopped");
  }

  Result<void> send(std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(easy.get(), bytes.data(), bytes.size(), &sent);
      bytes.remove_prefix(sent);
      if (code == CURLE_AGAIN) {
        if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
      } else if (code != CURLE_OK) {
        return refused(code);
      }
    }
    return {};
  }

  Result<ImapResponse> receive(Deadline deadline) {
    while (true) {
      auto response = reader_.next();
      if (!response) return fail(std::move(response.error()));
      if (*response) return **std::move(response);
      buffer_.resize(read_bytes);
      std::size_t received = 0;
      const CURLcode code = curl_easy_recv(easy.get(), buffer_.data(), buffer_.size(), &received);
      if (code == CURLE_AGAIN) {
        if (auto ready = wait(POLLIN, deadline); !ready) return fail(std::move(ready.error()));
        continue;
      }
      if (code != CURLE_OK) return refused(code);
      if (received == 0) return fail(ErrorKind::unavailable, "the server has hung up");
      reader_.feed(std::string_view(buffer_).substr(0, received));
    }
  }

  std::chrono::milliseconds time_max_;
  const std::atomic<bool>& stop_;
  ImapReader reader_;
  std::string buffer_;
  std::uint64_t commands_ = 0;
};

ImapSession::ImapSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImapSession::ImapSession(ImapSession&&) noexcept = default;

ImapSession::~ImapSession() = default;

Result<ImapSession> ImapSession::open(const ImapOptions& options, const std::atomic<bool>& stop) {
  auto impl = std::make_unique<Impl>(options, stop);
  const CURLcode code = curl_easy_perform(impl->easy.get());
  if (code != CURLE_OK) return refused(code);
  return ImapSession(std::move(impl));
}

Result<ImapFolder> ImapSession::select() {
  auto responses = impl_->command("SELECT " + imap_quoted(impl_->folder));
  if (!responses) return fail(std::move(responses.error()));
  if (!is_ok(responses->back())) {
    return fail(ErrorKind::not_found,
                "there is no folder " + impl_->folder + ": " + to_reason(responses->back().text));
  }
  ImapFolder folder;
  for (const ImapResponse& response : *responses) {
    if (const auto number = imap_code_number(response.text, "UIDVALIDITY")) {
      folder.uid_validity = *number;
    }
    if (const auto number = imap_code_number(response.text, "UIDNEXT")) folder.uid_next = *number;
  }
  if (folder.uid_validity == 0) {
    return fail(ErrorKind::unavailable, "the server's mails have no lasting numbers");
  }
  return folder;
}

namespace {

std::vector<std::uint32_t> found_in(const std::vector<ImapResponse>& responses) {
  std::vector<std::uint32_t> found;
  for (const ImapResponse& response : responses) {
    if (response.tag != "*") continue;
    const auto numbers = parse_imap_search(response.text);
    if (numbers) found.insert(found.end(), numbers->begin(), numbers->end());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

Result<std::vector<std::uint32_t>> ImapSession::after(std::uint32_t uid) {
  auto responses = impl_->done("UID SEARCH UID " + std::to_string(std::uint64_t{uid} + 1) + ":*");
  if (!responses) return fail(std::move(responses.error()));
  auto found = found_in(*responses);
  // "*" is the last mail, and a range may be written backwards.
  std::erase_if(found, [&](std::uint32_t one) { return one <= uid; });
  return found;
}

Result<std::vector<std::uint32_t>> ImapSession::unread() {
  auto responses = impl_->done("UID SEARCH UNSEEN");
  if (!responses) return fail(std::move(responses.error()));
  return found_in(*responses);
}

Result<std::string> ImapSession::fetch(std::uint32_t uid, std::size_t bytes_max) {
  auto responses = impl_->done("UID FETCH " + std::to_string(uid) + " (BODY.PEEK[]<0." +
                               std::to_string(bytes_max) + ">)");
  if (!responses) return fail(std::move(responses.error()));
  for (ImapResponse& response : *responses) {
    if (response.tag == "*" && !response.literals.empty() &&
        imap_fetched_uid(response.text) == uid) {
      return std::move(response.literals.front());
    }
  }
  return std::string();
}

Result<void> ImapSession::mark_read(std::uint32_t uid) {
  auto responses = impl_->done("UID STORE " + std::to_string(uid) + " +FLAGS.SILENT (\\Seen)");
  if (!responses) return fail(std::move(responses.error()));
  return {};
}

}  // namespace nurtured::connectors
