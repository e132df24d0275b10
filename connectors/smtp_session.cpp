#include "connectors/smtp_session.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace nurtured::connectors {
namespace {

std::size_t on_read(char* out, std::size_t size, std::size_t count, void* data) {
  SmtpSession& session = *static_cast<SmtpSession*>(data);
  const std::size_t bytes = std::min(size * count, session.content.size() - session.content_read);
  std::memcpy(out, session.content.data() + session.content_read, bytes);
  session.content_read += bytes;
  // libcurl knows the length, so it may write the final dot without asking for more.
  if (session.content_read == session.content.size()) {
    session.ended = true;
    session.stage = SmtpStage::content;
  }
  return bytes;
}

// libcurl gives each line that the server answers, the last of a reply with a blank after the code.
std::size_t on_reply_line(char* bytes, std::size_t size, std::size_t count, void* data) {
  SmtpSession& session = *static_cast<SmtpSession*>(data);
  const std::string_view line(bytes, size * count);
  // What a server says to QUIT is no answer to the message.
  if (session.quitting) return size * count;
  if (session.reply_lines.size() + line.size() <= smtp_reply_bytes_max) session.reply_lines += line;
  const bool is_last = line.size() < 4 || line[3] != '-';
  if (is_last) {
    session.reply = parse_smtp_reply(session.reply_lines);
    session.reply_stage = session.stage;
    session.reply_lines.clear();
  }
  return size * count;
}

// libcurl tells its callers nothing about the command that a reply answers, but it shows each as it
// goes out.
int on_debug(CURL*, curl_infotype type, char* bytes, std::size_t size, void* data) {
  if (type != CURLINFO_HEADER_OUT) return 0;
  static constexpr std::pair<std::string_view, SmtpStage> verbs[] = {
      {"EHLO", SmtpStage::hello},   {"HELO", SmtpStage::hello},
      {"STARTTLS", SmtpStage::tls}, {"AUTH", SmtpStage::authentication},
      {"MAIL", SmtpStage::sender},  {"RCPT", SmtpStage::recipient},
      {"DATA", SmtpStage::data},
  };
  const std::string_view command(bytes, size);
  if (command.starts_with("QUIT")) static_cast<SmtpSession*>(data)->quitting = true;
  for (const auto& [verb, stage] : verbs) {
    if (command.starts_with(verb)) static_cast<SmtpSession*>(data)->stage = stage;
  }
  return 0;
}

curl_socket_t on_open_socket(void* data, curlsocktype, curl_sockaddr* target) {
  return static_cast<OpenSockets*>(data)->open(*target);
}
int on_close_socket(void* data, curl_socket_t socket) {
  return static_cast<OpenSockets*>(data)->close(socket);
}

std::string words_for(CURL* easy, CURLcode code) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  std::string words = curl_easy_strerror(code);
  if (number != 0) words += ": " + std::generic_category().message(static_cast<int>(number));
  return to_reason(words);
}

bool is_our_configuration(CURLcode code) {
  return code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_LOGIN_DENIED ||
         code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
}

}  // namespace

curl_socket_t OpenSockets::open(const curl_sockaddr& target) {
  const int fd = ::socket(target.family, target.socktype | SOCK_CLOEXEC, target.protocol);
  const std::lock_guard lock(mutex_);
  if (fd >= 0) open_.insert(fd);
  return fd;
}

int OpenSockets::close(curl_socket_t socket) {
  const std::lock_guard lock(mutex_);
  open_.erase(socket);
  return ::close(socket);
}

void OpenSockets::cut_all() {
  const std::lock_guard lock(mutex_);
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}

void prepare_session(CURL* easy, SmtpSession& session, OpenSockets& sockets) {
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, session.sender.c_str());
  session.recipients.reset(curl_slist_append(nullptr, session.recipient.c_str()));
  if (!session.recipients) throw std::bad_alloc();
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, session.recipients.get());
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(session.content.size()));
  curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L);  // RFC 4954, section 4: one round trip less
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &session);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_reply_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &session);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);  // for on_debug, which prints nothing
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &session);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &sockets);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &sockets);
}

Outcome outcome_of(CURL* easy, CURLcode code, const SmtpSession& session) {
  const bool answered = session.reply && session.reply_stage == session.stage;
  if (code == CURLE_OK) return Delivered{.provider_id = answered ? session.reply->text : ""};
  if (answered && session.reply->code >= 400) return classify(*session.reply, session.stage);
  if (session.ended) return Uncertain{"no answer to the whole message: " + words_for(easy, code)};
  if (is_our_configuration(code)) {
    return Rejected{words_for(easy, code), {}, Blame::configuration};
  }
  const bool before_mail = session.stage < SmtpStage::sender;
  return Deferred{.reason = words_for(easy, code),
                  .scope = before_mail ? Scope::connector : Scope::message};
}

}  // namespace nurtured::connectors
