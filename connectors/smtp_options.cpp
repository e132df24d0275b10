#include <algorithm>
#include <chrono>
#include <string_view>

#include "connectors/options.h"
#include "connectors/smtp.h"

namespace nurtured::connectors {
namespace {

using namespace std::chrono_literals;

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

std::vector<Option> section_options() {
  return {
      {"url", OptionType::url, true, "", "smtp://HOST:PORT, or smtps:// for TLS at once", {}},
      {"from", OptionType::address, true, "", "the sender: \"Anna <anna@example.org>\"", {}},
      {"reply_to", OptionType::address, false, "", "where replies go, if not to `from`", {}},
      {"envelope_from", OptionType::address, false, "", "where bounces go, if not to `from`", {}},
      {"bounce",
       OptionType::address,
       false,
       "",
       "likewise, with +TOKEN of each message behind the local part",
       {}},
      {"user", OptionType::text, false, "", "for SMTP authentication", {}},
      {"password", OptionType::secret, false, "", "for SMTP authentication", {}},
      {"tls",
       OptionType::choice,
       false,
       "",
       "STARTTLS; required where there is a user, else optional",
       {"none", "optional", "required"}},
      {"ca_file", OptionType::text, false, "", "certificates to trust instead of the system's", {}},
      {"helo", OptionType::text, false, "", "our name in EHLO, if not the domain of `from`", {}},
      {"list_id",
       OptionType::text,
       false,
       "",
       "List-Id header: \"Letters <letters.example.org>\"",
       {}},
      {"dkim",
       OptionType::section,
       false,
       "",
       "signs each mail: {domain, selector, key: \"${credential:dkim}\"}, or a list of "
       "them",
       {}},
      {"inbox",
       OptionType::section,
       false,
       "",
       "where bounces, complaints and answers arrive: {url: imaps://HOST, user, password, "
       "folder: INBOX, poll: 1m}",
       {}},
      {"connect_timeout", OptionType::period, false, "30s", "longest wait for a connection", {}},
      {"timeout", OptionType::period, false, "5m", "longest wait for an outcome", {}},
  };
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
      .options = section_options(),
      .actions = {},
  };
  return descriptor;
}

std::optional<SmtpOptions> read_smtp(config::Section& section) {
  const std::size_t faults = section.problems().errors();
  SmtpOptions options;
  options.url = section.text("url").value_or("");
  section.require("url", "write smtp://HOST:PORT");
  if (!options.url.empty() && !is_server_url(options.url, {"smtp://", "smtps://"})) {
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
  options.bounce = address_or_empty(section, "bounce");
  if (!options.bounce.empty() && !options.envelope_from.empty()) {
    section.error("bounce", "`envelope_from` says already where bounces go", "keep one of the two");
  }
  options.user = section.text("user").value_or("");
  options.password = section.secret("password").value_or(config::Secret());
  options.tls = read_tls(section, options);
  options.ca_file = section.text("ca_file").value_or("");
  options.helo = section.text("helo").value_or("");
  if (!options.helo.empty() && !is_domain_name(options.helo)) {
    section.error("helo", "this is no host name", "write mail.example.org");
  }
  options.list_id = section.text("list_id").value_or("");
  options.dkim = read_dkim(section, domain_of(options.from.address));
  if (auto inbox = section.section("inbox")) options.inbox = read_inbox(*std::move(inbox));
  options.connect_time_max = section.period("connect_timeout", {.min = 1s, .max = 5min})
                                 .value_or(options.connect_time_max);
  options.total_time_max =
      section.period("timeout", {.min = 1s, .max = 30min}).value_or(options.total_time_max);
  options.limits = read_limits(section, smtp_descriptor().limits);
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

}  // namespace nurtured::connectors
