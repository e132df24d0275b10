#include "connectors/smtp.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "connectors/options.h"
#include "connectors/outcome_post.h"
#include "connectors/smtp_reply.h"
#include "http/curl_multi.h"

namespace nurtured::connectors {
namespace {

namespace asio = boost::asio;
using http::CurlHandle;
using http::CurlList;
using http::CurlMulti;
using namespace std::chrono_literals;

constexpr long connection_idle_seconds_max = 60;
constexpr long connection_life_seconds_max = 300;
constexpr std::chrono::seconds goodbye_time_max = 1s;

// The sockets that libcurl has open. It says QUIT as it closes a connection and waits for the
// answer, up to two minutes, blocking its thread: so SMTP has a thread of its own, and at the end a
// server that does not answer is cut off from another one.
class OpenSockets {
 public:
  curl_socket_t open(const curl_sockaddr& target) {
    const int fd = ::socket(target.family, target.socktype | SOCK_CLOEXEC, target.protocol);
    const std::lock_guard lock(mutex_);
    if (fd >= 0) open_.insert(fd);
    return fd;
  }
  int close(curl_socket_t socket) {
    const std::lock_guard lock(mutex_);
    open_.erase(socket);
    return ::close(socket);
  }
  void cut_all() {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::set<int> open_;  // guarded by mutex_
};

// One message under way: what libcurl's callbacks read and write.
struct Session {
  std::string content;
  std::string recipient;
  std::string sender;
  CurlList recipients;

  std::size_t content_read = 0;
  bool ended = false;  // libcurl knows the content's end and may have written the final dot
  SmtpStage stage = SmtpStage::greeting;
  std::string reply_lines;
  std::optional<SmtpReply> reply;  // the last whole one
  SmtpStage reply_stage = SmtpStage::greeting;
};

std::size_t on_read(char* out, std::size_t size, std::size_t count, void* data) {
  Session& session = *static_cast<Session*>(data);
  const std::size_t bytes = std::min(size * count, session.content.size() - session.content_read);
  std::memcpy(out, session.content.data() + session.content_read, bytes);
  session.content_read += bytes;
  if (bytes == 0) {
    session.ended = true;
    session.stage = SmtpStage::content;
  }
  return bytes;
}

// libcurl gives each line that the server answers, the last of a reply with a blank after the code.
std::size_t on_reply_line(char* bytes, std::size_t size, std::size_t count, void* data) {
  Session& session = *static_cast<Session*>(data);
  const std::string_view line(bytes, size * count);
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
  for (const auto& [verb, stage] : verbs) {
    if (command.starts_with(verb)) static_cast<Session*>(data)->stage = stage;
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

Outcome outcome_of(CURL* easy, CURLcode code, const Session& session) {
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

// CAMPAIGN:CUSTOMER:TYPE:SENDER of Gmail's feedback loop, the last one fixed for each sender.
std::string feedback_id(const OutboundMessage& message, std::string_view domain) {
  if (!rules::is_marketing(message.kind)) return {};
  const auto word = [](std::string_view text) {
    std::string out(text.substr(0, 64));
    for (char& c : out) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && c != '.' && c != '_') c = '-';
    }
    return out.empty() ? std::string("-") : out;
  };
  return word(message.message) + ":" + word(message.playbook) + ":" +
         std::string(to_string(message.kind)) + ":" + word(domain);
}

// Bulk mail carries what lets a person leave it; a receipt says that no person wrote it.
Mail mail_of(const SmtpOptions& options, const OutboundMessage& message, Mailbox to) {
  const std::string& own = options.reply_to;
  return {
      .from = options.from,
      .to = std::move(to),
      .reply_to = message.reply_to.empty() ? own : message.reply_to,
      .subject = message.rendered.subject,
      .date = message.sent_at,
      .message_id = message.message_id + "@" + std::string(domain_of(options.from.address)),
      .list_id = message.unsubscribe_url.empty() ? "" : options.list_id,
      .list_unsubscribe = message.unsubscribe_url,
      .list_unsubscribe_post = message.one_click,
      .feedback_id = feedback_id(message, domain_of(options.from.address)),
      .auto_submitted = message.kind == rules::Kind::receipt,
      .text = message.rendered.text,
      .html = message.rendered.html,
      .attachments = message.attachments,
  };
}

class SmtpConnector final : public Connector {
 public:
  SmtpConnector(SmtpOptions options, const Environment& environment)
      : options_(std::move(options)),
        post_(environment.io),
        work_(asio::make_work_guard(mail_io_)),
        multi_(std::make_unique<CurlMulti>(
            mail_io_,
            http::CurlMultiOptions{.connections_max = options_.limits.concurrency,
                                   .connections_per_host_max = options_.limits.concurrency,
                                   .connections_kept_max = options_.limits.concurrency})),
        thread_([this] { mail_io_.run(); }) {}

  ~SmtpConnector() override {
    std::promise<void> gone;
    std::future<void> goodbyes = gone.get_future();
    asio::post(mail_io_, [this, &gone] {
      multi_.reset();
      gone.set_value();
    });
    if (goodbyes.wait_for(goodbye_time_max) == std::future_status::timeout) sockets_.cut_all();
    goodbyes.wait();
    mail_io_.stop();
    thread_.join();
  }

  const Descriptor& descriptor() const override { return smtp_descriptor(); }
  Limits limits() const override { return options_.limits; }

  void send(OutboundMessage message, Done done) override {
    auto to = parse_mailbox(message.to);
    if (!to) return refuse(std::move(done), Blame::address, to.error().message);
    auto session = std::make_shared<Session>();
    session->recipient = to->address;
    session->sender =
        options_.envelope_from.empty() ? options_.from.address : options_.envelope_from;
    auto content = build_mime(mail_of(options_, message, std::move(*to)));
    if (!content) return refuse(std::move(done), Blame::content, content.error().message);
    session->content = std::move(*content);
    asio::post(mail_io_, [this, session, done = std::move(done)]() mutable {
      if (multi_) start(std::move(session), std::move(done));
    });
  }

 private:
  void refuse(Done done, Blame blame, std::string reason) {
    post_.tell(std::move(done), Rejected{to_reason(reason), {}, blame});
  }

  // On the mail thread.
  void start(std::shared_ptr<Session> session, Done done) {
    CurlHandle handle = http::make_curl_handle();
    prepare(handle.get(), *session);
    multi_->add(std::move(handle),
                [this, session, done = std::move(done)](CurlHandle easy, CURLcode code) mutable {
                  post_.tell(std::move(done), outcome_of(easy.get(), code, *session));
                });
  }

  void prepare(CURL* easy, Session& session) {
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, session.sender.c_str());
    session.recipients.reset(curl_slist_append(nullptr, session.recipient.c_str()));
    if (!session.recipients) throw std::bad_alloc();
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, session.recipients.get());
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &session);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_reply_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &session);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);  // for on_debug, which prints nothing
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &on_debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &session);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &sockets_);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &sockets_);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_time_max.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_time_max.count()));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, connection_idle_seconds_max);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, connection_life_seconds_max);
    prepare_trust(easy);
  }

  void prepare_trust(CURL* easy) {
    const bool in_clear_allowed = options_.tls != SmtpTls::required;
    const long tls = options_.tls == SmtpTls::none       ? CURLUSESSL_NONE
                     : options_.tls == SmtpTls::optional ? CURLUSESSL_TRY
                                                         : CURLUSESSL_ALL;
    curl_easy_setopt(easy, CURLOPT_USE_SSL, tls);
    const bool verify = !in_clear_allowed || options_.url.starts_with("smtps:");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (!options_.user.empty()) {
      curl_easy_setopt(easy, CURLOPT_USERNAME, options_.user.c_str());
      curl_easy_setopt(easy, CURLOPT_PASSWORD, options_.password.reveal().c_str());
    }
  }

  static std::string with_name(const SmtpOptions& options) {
    const std::string& own = options.helo;
    return options.url + "/" + (own.empty() ? std::string(domain_of(options.from.address)) : own);
  }

  SmtpOptions options_;
  std::string url_ = with_name(options_);  // libcurl takes the name for EHLO from the path
  OutcomePost post_;
  OpenSockets sockets_;
  asio::io_context mail_io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<CurlMulti> multi_;  // mail thread only
  std::thread thread_;
};

// smtp://HOST or smtps://HOST, with a port or without, and nothing behind it.
bool is_smtp_url(std::string_view url) {
  for (const std::string_view scheme : {"smtp://", "smtps://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    return !url.empty() && std::all_of(url.begin(), url.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    });
  }
  return false;
}

std::optional<Mailbox> read_mailbox(config::Section& section, std::string_view key) {
  const auto text = section.text(key);
  if (!text) return std::nullopt;
  auto mailbox = parse_mailbox(*text);
  if (mailbox) return std::move(*mailbox);
  section.error(key, mailbox.error().message, mailbox.error().remedy);
  return std::nullopt;
}

std::string address_or_empty(config::Section& section, std::string_view key) {
  const auto mailbox = read_mailbox(section, key);
  return mailbox ? mailbox->address : std::string();
}

SmtpTls read_tls(config::Section& section, const SmtpOptions& options) {
  const auto name = section.choice("tls", {"none", "optional", "required"});
  if (name == "none") return SmtpTls::none;
  if (name == "required") return SmtpTls::required;
  if (name == "optional") return SmtpTls::optional;
  // A password never goes out in clear unless somebody has written that it may.
  return options.user.empty() ? SmtpTls::optional : SmtpTls::required;
}

}  // namespace

const Descriptor& smtp_descriptor() {
  static const Descriptor descriptor{
      .type = "smtp",
      .title = "E-mail by SMTP",
      .format = content::Format::email,
      .has_subject = true,
      .honours_key = false,
      .limits = {.rate = 50, .concurrency = 8},
      .options =
          {
              {"url",
               OptionType::url,
               true,
               "",
               "smtp://HOST:PORT, or smtps:// for TLS at once",
               {}},
              {"from",
               OptionType::address,
               true,
               "",
               "the sender: \"Anna <anna@example.org>\"",
               {}},
              {"reply_to",
               OptionType::address,
               false,
               "",
               "where replies go, if not to `from`",
               {}},
              {"envelope_from",
               OptionType::address,
               false,
               "",
               "where bounces go, if not to `from`",
               {}},
              {"user", OptionType::text, false, "", "for SMTP authentication", {}},
              {"password", OptionType::secret, false, "", "for SMTP authentication", {}},
              {"tls",
               OptionType::choice,
               false,
               "",
               "STARTTLS; required where there is a user, else optional",
               {"none", "optional", "required"}},
              {"ca_file",
               OptionType::text,
               false,
               "",
               "certificates to trust instead of the system's",
               {}},
              {"helo",
               OptionType::text,
               false,
               "",
               "our name in EHLO, if not the domain of `from`",
               {}},
              {"list_id",
               OptionType::text,
               false,
               "",
               "List-Id header: \"Letters <letters.example.org>\"",
               {}},
              {"connect_timeout",
               OptionType::period,
               false,
               "30s",
               "longest wait for a connection",
               {}},
              {"timeout", OptionType::period, false, "5m", "longest wait for an outcome", {}},
          },
      .actions = {},
  };
  return descriptor;
}

std::optional<SmtpOptions> read_smtp(config::Section& section) {
  const std::size_t faults = section.problems().errors();
  SmtpOptions options;
  options.url = section.text("url").value_or("");
  section.require("url", "write smtp://HOST:PORT");
  if (!options.url.empty() && !is_smtp_url(options.url)) {
    section.error("url", "this is no address of a mail server",
                  "write smtp://HOST:PORT, without a path; "
                  "user and password have keys of their own");
  }
  section.require("from", "write the sender's address");
  options.from = read_mailbox(section, "from").value_or(Mailbox{});
  if (const auto reply_to = read_mailbox(section, "reply_to")) {
    options.reply_to = section.text("reply_to").value_or("");
  }
  options.envelope_from = address_or_empty(section, "envelope_from");
  options.user = section.text("user").value_or("");
  options.password = section.secret("password").value_or(config::Secret());
  options.tls = read_tls(section, options);
  options.ca_file = section.text("ca_file").value_or("");
  options.helo = section.text("helo").value_or("");
  if (!options.helo.empty() && !is_domain_name(options.helo)) {
    section.error("helo", "this is no host name", "write mail.example.org");
  }
  options.list_id = section.text("list_id").value_or("");
  options.connect_time_max = section.period("connect_timeout", {.min = 1s, .max = 5min})
                                 .value_or(options.connect_time_max);
  options.total_time_max =
      section.period("timeout", {.min = 1s, .max = 30min}).value_or(options.total_time_max);
  options.limits = read_limits(section, smtp_descriptor().limits);
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

std::unique_ptr<Connector> make_smtp(SmtpOptions options, const Environment& environment) {
  return std::make_unique<SmtpConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors
