#include "connectors/file.h"

#include <atomic>
#include <filesystem>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/file_folder.h"
#include "connectors/mime.h"
#include "connectors/options.h"
#include "connectors/outcome_post.h"

namespace nurtured::connectors {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t stem_bytes_max = 60;  // of the readable part

Mail mail_of(const Mailbox& from, Mailbox to, const OutboundMessage& message) {
  return {
      .from = from,
      .to = std::move(to),
      .reply_to = message.reply_to,
      .subject = message.rendered.subject,
      .date = message.sent_at,
      .message_id = message.message_id + "@localhost",
      .list_unsubscribe = message.unsubscribe_url,
      .list_unsubscribe_post = message.one_click,
      .auto_submitted = message.kind == rules::Kind::receipt,
      .text = message.rendered.text,
      .html = message.rendered.html,
      .attachments = message.attachments,
  };
}

std::string json_of(const OutboundMessage& message) {
  json::array buttons;
  for (const content::Button& button : message.rendered.buttons) {
    buttons.push_back({{"id", button.id}, {"text", button.text}, {"url", button.url}});
  }
  const json::object object{
      {"to", message.to},
      {"channel", message.channel},
      {"kind", std::string_view(to_string(message.kind))},
      {"message", message.message},
      {"sent_at", base::to_rfc3339(message.sent_at)},
      {"text", message.rendered.text},
      {"html", message.rendered.html},
      {"buttons", std::move(buttons)},
  };
  return json::serialize(object) + "\n";
}

// Syncing a file blocks for milliseconds, so it has a thread of its own.
class FileConnector final : public Connector, public Actor {
 public:
  FileConnector(FileOptions options, const Environment& environment)
      : options_(std::move(options)),
        post_(environment.io),
        folder_((std::filesystem::path(environment.folder) / options_.path).string(),
                index_rows_max) {}

  // What was handed over is still written, so that the index lists what the folder holds.
  ~FileConnector() override { thread_.join(); }

  const Descriptor& descriptor() const override { return file_descriptor(); }
  content::Format format() const override { return options_.format; }
  Limits limits() const override { return options_.limits; }

  Actor* actor() override { return this; }

  void send(OutboundMessage message, Done done) override {
    write_later(std::move(message), std::move(done));
  }

  // There is one action.
  void perform(OutboundCall call, Done done) override {
    write_later(std::move(call), std::move(done));
  }

 private:
  template <class What>
  void write_later(What what, Done done) {
    ++waiting_;
    asio::post(thread_, [this, what = std::move(what), done = std::move(done)]() mutable {
      Outcome outcome = write(what);
      // The page is for eyes: while more is waiting, it can wait too.
      if (--waiting_ == 0) {
        if (auto written = folder_.write_index(); !written && is_delivered(outcome)) {
          outcome =
              Deferred{.reason = to_reason(written.error().message), .scope = Scope::connector};
        }
      }
      post_.tell(std::move(done), std::move(outcome));
    });
  }

  static bool is_delivered(const Outcome& outcome) {
    return std::holds_alternative<Delivered>(outcome);
  }

  Outcome write(const OutboundMessage& message) {
    if (options_.format != content::Format::email) return write(message, ".json", json_of(message));
    auto to = parse_mailbox(message.to);
    if (!to) return Rejected{to_reason(to.error().message), {}, Blame::address};
    const auto bytes = build_mime(mail_of(options_.from, std::move(*to), message));
    if (!bytes) return Rejected{to_reason(bytes.error().message), {}, Blame::content};
    return write(message, ".eml", *bytes);
  }

  Outcome write(const OutboundMessage& message, std::string_view suffix, std::string_view bytes) {
    return write(
        {file_stem(message.delivery_key) + std::string(suffix), base::to_rfc3339(message.sent_at),
         message.to, message.rendered.subject, message.message},
        bytes);
  }

  Outcome write(const OutboundCall& call) {
    const FileRow row{file_stem(call.delivery_key) + ".json", base::to_rfc3339(call.sent_at),
                      call.contact, call.playbook + ", " + call.step, call.action};
    Outcome outcome = write(row, call.arguments + "\n");
    if (auto* delivered = std::get_if<Delivered>(&outcome)) {
      delivered->output = json::serialize(json::object{{"file", row.file}});
    }
    return outcome;
  }

  Outcome write(const FileRow& row, std::string_view bytes) {
    if (auto written = folder_.write(row, bytes); !written) {
      return Deferred{.reason = to_reason(written.error().message), .scope = Scope::connector};
    }
    return Delivered{.provider_id = row.file};
  }

  FileOptions options_;
  OutcomePost post_;
  FileFolder folder_;  // the thread's only
  std::atomic<std::size_t> waiting_ = 0;
  asio::thread_pool thread_{1};
};

}  // namespace

std::string file_stem(std::string_view delivery_key) {
  std::string stem;
  for (const char c : delivery_key.substr(0, stem_bytes_max)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      stem.push_back(c);
    } else if (!stem.empty() && stem.back() != '-') {
      stem.push_back('-');
    }
  }
  if (!stem.empty() && stem.back() != '-') stem.push_back('-');
  return stem + base::to_hex(base::view(base::sha256(delivery_key)).substr(0, 8));
}

const Descriptor& file_descriptor() {
  static const Descriptor descriptor{
      .type = "file",
      .title = "Files in a folder",
      .format = content::Format::email,
      .has_subject = true,
      .honours_key = true,
      .is_local = true,
      .limits = {.rate = 0, .concurrency = 64},
      .options =
          {
              {"path", OptionType::folder, true, "", "the folder, made where it is missing", {}},
              {"format",
               OptionType::choice,
               false,
               "email",
               "what messages are written as",
               {"email", "telegram", "plain"}},
              {"from",
               OptionType::address,
               false,
               "nurtured <nurtured@localhost>",
               "the sender of e-mail",
               {}},
          },
      .actions = {{.name = "write",
                   .description = "writes what `with` gives as a JSON file",
                   .takes_others = true,
                   .outputs = {{.name = "file", .description = "its name in the folder"}}}},
  };
  return descriptor;
}

std::optional<FileOptions> read_file(config::Section& section) {
  const std::size_t faults = section.problems().errors();
  FileOptions options;
  section.require("path", "write a folder's path");
  options.path = section.text("path").value_or("");
  const auto format = section.choice("format", {"email", "telegram", "plain"});
  if (format == "telegram") options.format = content::Format::telegram;
  if (format == "plain") options.format = content::Format::plain;
  if (auto from = section.text("from")) {
    if (auto mailbox = parse_mailbox(*from)) {
      options.from = std::move(*mailbox);
    } else {
      section.error("from", mailbox.error().message, mailbox.error().remedy);
    }
  }
  options.limits = read_limits(section, file_descriptor().limits);
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

std::unique_ptr<Connector> make_file(FileOptions options, const Environment& environment) {
  return std::make_unique<FileConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors
