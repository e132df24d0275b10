#include "daemon/humans.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "connectors/connector.h"
#include "content/escape.h"
#include "daemon/contact_view.h"
#include "daemon/rendering.h"

namespace nurtured::daemon {
namespace {

constexpr std::size_t subject_bytes_max = 80;
// Of what is told: all of it together stays below the 4,096 characters that Telegram takes, however
// much the contact writes, or nobody would be told.
constexpr std::size_t line_bytes_max = 120;
constexpr std::size_t words_bytes_max = 1500;
constexpr std::size_t name_bytes_max = 60;

// No channel of a workspace can have this name.
constexpr std::string_view human_channel = "human:";

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  return std::string(base::cut_utf8(text, bytes_max)) + "…";
}

std::string name_of(const rules::Contact& contact) {
  const auto first = contact.attributes.find("first_name");
  const bool is_named = first != contact.attributes.end() && first->second.is_string();
  if (!is_named) return cut(contact.user_id, name_bytes_max);
  return cut(first->second.as_string() + " (" + contact.user_id + ")", name_bytes_max);
}

// What a notification says, before it is written for a channel.
struct Said {
  std::string subject;
  std::string text;
  std::string url;  // empty: no answer is wanted
};

Said said_of(const TellingContext& context, const rules::Notification& notification) {
  const std::string line = connectors::to_reason(notification.text);
  if (context.contact == nullptr) {
    return {.subject = notification.playbook + ": " + cut(line, subject_bytes_max),
            .text = notification.text,
            .url = {}};
  }
  const rules::Contact& contact = *context.contact;
  const std::string name = name_of(contact);
  const std::string& channel = contact.handoff ? contact.handoff->channel : std::string();
  std::string text = name;
  if (!channel.empty()) text += ", " + channel;
  if (!notification.playbook.empty()) text += ", " + notification.playbook;
  text += ":\n" + cut(notification.text, words_bytes_max) + "\n";
  if (context.timeline != nullptr) {
    const auto& zone = context.config.book->zone("");
    const auto lines = said_lines(*context.timeline);
    if (!lines.empty()) text += "\n";
    for (const SaidLine& one : lines) {
      text += fmt::format("{} {}: {}\n", local_text(one.at, zone),
                          one.who.empty() ? name : cut(one.who, name_bytes_max),
                          cut(connectors::to_reason(one.what), line_bytes_max));
    }
  }
  return {.subject = name + ": " + cut(line, subject_bytes_max),
          .text = std::move(text),
          .url = answer_url(context.signer, context.config.http.base_url(),
                            {.contact = contact.id, .asked = notification.at})};
}

content::Rendered written(const Said& said, content::Format format) {
  content::Rendered rendered{.subject = said.subject, .text = said.text};
  if (!said.url.empty()) rendered.text += "\nAnswer: " + said.url + "\n";
  if (format != content::Format::telegram) return rendered;
  rendered.html = content::escape_html(said.text);
  if (!said.url.empty()) {
    rendered.html += "\n<a href=\"" + content::escape_html(said.url) +
                     "\">Answer</a>, or reply to this message; /back gives the contact back.";
  }
  return rendered;
}

}  // namespace

std::vector<SaidLine> said_lines(const std::vector<store::TimelineEntry>& timeline) {
  std::vector<SaidLine> lines;
  for (const auto& entry : timeline) {
    const auto* event = std::get_if<rules::Event>(&entry.what);
    if (event == nullptr) continue;
    SaidLine line{.at = event->occurred_at, .who = {}, .what = {}};
    if (event->name == "message.replied") {
      line.what = rules::text_of(*event, "text");
      const std::string media(rules::text_of(*event, "media"));
      if (!media.empty()) line.what = "[" + media + "] " + line.what;
    } else if (event->name == "handoff.answered") {
      line.who = rules::text_of(*event, "by");
      if (line.who.empty()) line.who = "a human";
      line.what = rules::text_of(*event, "text");
    } else if (event->name == "message.sent") {
      line.who = "we";
      line.what = rules::text_of(*event, "message");
      // Their words are in the line above.
      if (line.what == rules::human_message || line.what == rules::ask_again) continue;
    }
    if (!line.what.empty()) lines.push_back(std::move(line));
  }
  std::ranges::stable_sort(lines, {}, &SaidLine::at);
  if (lines.size() > said_lines_max) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(said_lines_max));
  }
  return lines;
}

std::string answer_url(const LinkSigner& signer, std::string_view public_url,
                       const AnswerClaim& claim) {
  return std::string(public_url) + "/h/" + signer.sign(claim);
}

std::string telling_key(const rules::Notification& notification) {
  if (!notification.contact) {
    return "notify." + std::to_string(base::to_millis(notification.at)) + "." +
           notification.playbook + "." + notification.step;
  }
  return std::to_string(notification.contact.value) + ".0.0." +
         std::to_string(base::to_millis(notification.at)) + "." + std::string(human_channel);
}

rules::ContactId answered_contact(std::string_view key) {
  if (!key.ends_with("." + std::string(human_channel))) return {};
  return contact_of(key);
}

std::optional<rules::Input> human_input(std::string_view text, const std::string& by) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  text.remove_prefix(first);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n@"));
  if (word == "/back") return rules::HandBack{.by = by};
  return rules::HumanMessage{.text = std::string(text), .by = by};
}

std::vector<Telling> tellings(const TellingContext& context,
                              const rules::Notification& notification) {
  const Said said = said_of(context, notification);
  std::vector<config::Receiver> receivers;
  if (context.contact != nullptr) {
    receivers = context.config.handoff.to;
  } else if (context.config.notify) {
    receivers.push_back(*context.config.notify);
  }
  std::vector<Telling> list;
  list.reserve(receivers.size());
  for (const config::Receiver& receiver : receivers) {
    list.push_back({receiver.channel, receiver.to,
                    written(said, format_of(context.config, receiver.channel))});
  }
  return list;
}

}  // namespace nurtured::daemon
