#include "connectors/smtp.h"

#include <future>
#include <stdexcept>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "connectors/outcome_post.h"
#include "connectors/smtp_session.h"
#include "http/curl_multi.h"

namespace nurtured::connectors {
namespace {

namespace asio = boost::asio;
using http::CurlHandle;
using http::CurlMulti;
using namespace std::chrono_literals;

constexpr long connection_idle_seconds_max = 60;
constexpr long connection_life_seconds_max = 300;
constexpr std::chrono::seconds goodbye_time_max = 1s;

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

std::string sender_of(const SmtpOptions& options, std::string_view token) {
  if (!options.bounce.empty()) return bounce_address(options.bounce, token);
  return options.envelope_from.empty() ? options.from.address : options.envelope_from;
}

// The keys were read, and found to be some, with the section.
std::optional<DkimSigner> signer_of(const std::vector<DkimKey>& keys) {
  if (keys.empty()) return std::nullopt;
  auto signer = DkimSigner::make(keys);
  if (!signer) throw std::invalid_argument(signer.error().message);
  return *std::move(signer);
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
    const std::future<void> goodbyes = gone.get_future();
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

  void listen(const Intake& intake) override {
    if (options_.inbox) poller_.emplace(*options_.inbox, intake);
  }

  void send(OutboundMessage message, Done done) override {
    auto to = parse_mailbox(message.to);
    if (!to) return refuse(std::move(done), Blame::address, to.error().message);
    auto session = std::make_shared<SmtpSession>();
    session->recipient = to->address;
    session->sender = sender_of(options_, message.message_id);
    auto content = build_mime(mail_of(options_, message, std::move(*to)));
    if (!content) return refuse(std::move(done), Blame::content, content.error().message);
    if (signer_) content = signer_->sign(*content);
    if (!content) return refuse(std::move(done), Blame::configuration, content.error().message);
    session->content = std::move(*content);
    asio::post(mail_io_, [this, session, done = std::move(done)]() mutable {
      if (multi_) start(session, std::move(done));
    });
  }

 private:
  void refuse(Done done, Blame blame, std::string_view reason) {
    post_.tell(std::move(done), Rejected{to_reason(reason), {}, blame});
  }

  // On the mail thread.
  void start(const std::shared_ptr<SmtpSession>& session, Done done) {
    CurlHandle handle = http::make_curl_handle();
    prepare(handle.get(), *session);
    multi_->add(std::move(handle),
                [this, session, done = std::move(done)](CurlHandle easy, CURLcode code) mutable {
                  post_.tell(std::move(done), outcome_of(easy.get(), code, *session));
                });
  }

  void prepare(CURL* easy, SmtpSession& session) {
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
    prepare_session(easy, session, sockets_);
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
  std::optional<DkimSigner> signer_ = signer_of(options_.dkim);
  OutcomePost post_;
  OpenSockets sockets_;
  asio::io_context mail_io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::unique_ptr<CurlMulti> multi_;  // mail thread only
  std::thread thread_;
  std::optional<ImapPoller> poller_;
};

}  // namespace

std::string bounce_address(std::string_view bounce, std::string_view token) {
  const std::size_t at = bounce.rfind('@');
  const std::string local = std::string(bounce.substr(0, at)) + "+" + std::string(token);
  if (at == std::string_view::npos || local.size() > local_part_bytes_max) {
    return std::string(bounce);
  }
  return local + std::string(bounce.substr(at));
}

std::unique_ptr<Connector> make_smtp(SmtpOptions options, const Environment& environment) {
  return std::make_unique<SmtpConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors
