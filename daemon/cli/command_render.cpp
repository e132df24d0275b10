// render: one message as a contact would get it, or the filter of many templates.
#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/section.h"
#include "content/liquid/render_line.h"
#include "content/message.h"
#include "daemon/cli/filter.h"
#include "daemon/cli/toolbox.h"
#include "daemon/rendering.h"
#include "rules/cel/json.h"
#include "rules/scope.h"

namespace nurtured::daemon::cli {
namespace {

using base::ErrorKind;
using base::Result;

struct RenderOptions {
  std::string message;
  std::string contact;
  std::string channel;
  std::string locale;
  std::string data;
  std::string part = "text";
  bool jsonl = false;
  std::string format = "text";
};

// Whom the message is for: what it prints from, in which zone and language.
struct Recipient {
  cel::Map variables;
  std::string zone;
  std::string locale;
};

// Language tags do not distinguish case (RFC 5646, section 2.1.1): as files are named, `pt-BR` and
// `zh-Hant`.
std::string as_named(std::string locale) {
  const auto change = [&](std::size_t from, std::size_t to, char first, char last, char by) {
    for (std::size_t i = from; i < std::min(to, locale.size()); ++i) {
      if (locale[i] >= first && locale[i] <= last) locale[i] = static_cast<char>(locale[i] ^ by);
    }
  };
  constexpr char case_bit = 0x20;
  change(0, locale.size(), 'A', 'Z', case_bit);
  const std::size_t dash = locale.find('-');
  if (dash == std::string::npos) return locale;
  const std::size_t length = locale.size() - dash - 1;
  change(dash + 1, dash + 1 + (length == 2 ? 2 : length == 4 ? 1 : 0), 'a', 'z', case_bit);
  return locale;
}

Result<Recipient> find_recipient(const Call& call, const BookKeeper& keeper,
                                 const config::Config& config, const RenderOptions& options,
                                 const cel::Value& data) {
  rules::Contact contact;
  if (!options.contact.empty()) {
    auto found = read_contact(call, keeper, options.contact);
    if (!found) return base::fail(found.error());
    contact = *std::move(found);
  }
  const rules::Book& book = *config.book;
  Recipient recipient{.locale = options.locale.empty() ? contact.locale : options.locale};
  recipient.zone = book.knows_zone(contact.timezone) ? contact.timezone : book.settings().zone_name;
  if (recipient.locale.empty()) recipient.locale = "en";
  recipient.locale = as_named(recipient.locale);
  const cel::Value variables = rules::render_data(book, contact, nullptr, call.world.clock.now());
  for (const auto& entry : variables.as_map()) recipient.variables.set(entry.key, entry.value);
  set_links(recipient.variables, example_links(config, config.messages.at(options.message).kind()));
  for (const auto& entry : data.as_map()) recipient.variables.set(entry.key, entry.value);
  return recipient;
}

cel::Value to_value(const content::Rendered& rendered, const std::string& channel) {
  cel::List buttons;
  for (const auto& button : rendered.buttons) {
    buttons.emplace_back(cel::Map{{"id", button.id}, {"text", button.text}, {"url", button.url}});
  }
  cel::List attachments;
  for (const auto& path : rendered.attachments) attachments.emplace_back(path);
  return cel::Map{{"channel", channel},
                  {"subject", rendered.subject},
                  {"preheader", rendered.preheader},
                  {"html", rendered.html},
                  {"text", rendered.text},
                  {"buttons", std::move(buttons)},
                  {"attachments", std::move(attachments)}};
}

void show(const Call& call, const content::Rendered& rendered, const std::string& part) {
  auto& out = call.console.out;
  if (part == "html") {
    print_text(out, rendered.html.empty() ? rendered.text : rendered.html);
  } else {
    if (!rendered.subject.empty()) print_text(out, "Subject: " + rendered.subject + "\n\n");
    print_text(out, rendered.text);
  }
  const std::string& last =
      part == "html" && !rendered.html.empty() ? rendered.html : rendered.text;
  if (!last.ends_with('\n')) out << '\n';
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

int render(const Call& call, const RenderOptions& options, const cel::Value& data) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), options.format);
  const auto config = load_config(call, **keeper, options.format);
  if (config == nullptr) return found_problem;
  const auto message = config->messages.find(options.message);
  if (message == config->messages.end()) {
    const std::vector<std::string> names = names_of(config->messages);
    return complain(
        call,
        {ErrorKind::not_found,
         "there is no message " + options.message,
         config::did_you_mean(options.message, names, "messages are the files content/NAME.md"),
         {}},
        options.format);
  }
  const auto& settings = config->book->settings();
  std::string channel = options.channel;
  if (channel.empty()) channel = settings.default_via.empty() ? "email" : settings.default_via[0];
  if (!options.channel.empty() && !settings.channels.contains(channel)) {
    const std::vector<std::string> names = names_of(settings.channels);
    return complain(call,
                    {ErrorKind::not_found,
                     "there is no channel " + channel,
                     config::did_you_mean(channel, names,
                                          fmt::format("channels are {}", fmt::join(names, ", "))),
                     {}},
                    options.format);
  }
  const auto recipient = find_recipient(call, **keeper, *config, options, data);
  if (!recipient) return complain(call, recipient.error(), options.format);
  const cel::Value variables(recipient->variables);
  const auto rendered = content::render(message->second, format_of(*config, channel),
                                        {.variables = &variables,
                                         .channel = channel,
                                         .now = call.world.clock.now(),
                                         .zone = recipient->zone,
                                         .locale = recipient->locale},
                                        content::PlainLinks());
  if (!rendered) return complain(call, rendered.error(), options.format);
  if (options.format == "json") {
    call.console.out << cel::to_json(to_value(*rendered, channel)) << '\n';
  } else {
    show(call, *rendered, options.part);
  }
  return done;
}

}  // namespace

void add_render(CLI::App& app, Call& call) {
  const auto options = std::make_shared<RenderOptions>();
  auto* command = app.add_subcommand("render", "one message for one contact and channel");
  auto* message = command->add_option("MESSAGE", options->message, "its name: content/NAME.md");
  command->add_option("--contact", options->contact, "for this contact; for nobody where left out");
  command->add_option("--channel", options->channel, "as that channel shows it");
  command->add_option("--locale", options->locale, "in that language, such as ru");
  command->add_option("--data", options->data, "more variables, or others, as a JSON object");
  command->add_option("--part", options->part, "text or html")
      ->check(CLI::IsMember({"text", "html"}))
      ->option_text("PART (text)");
  auto* jsonl = command->add_flag("--jsonl", options->jsonl,
                                  "a filter: {\"template\", \"data\", \"partials\"} a line to "
                                  "{\"output\"} or {\"error\"}");
  jsonl->excludes(message);
  add_format(*command, options->format);
  add_examples(*command,
               "  nurtured render webinar-invite --data '{\"contact\": {\"first_name\": "
               "\"Anna\"}}'\n"
               "  nurtured render webinar-invite --contact anna --channel email --part html\n"
               "  echo '{\"template\": \"Hi {{ name }}\", \"data\": {\"name\": \"Anna\"}}' | "
               "nurtured render --jsonl");
  command->callback([&call, options] {
    if (!options->jsonl && options->message.empty()) {
      throw CLI::RequiredError("MESSAGE or --jsonl");
    }
    call.action = [&call, options, data = json_option("--data", options->data)] {
      if (!options->jsonl) return render(call, *options, data);
      return filter(call.console, [now = call.world.clock.now()](const std::string& line) {
        return content::liquid::render_line(line, now);
      });
    };
  });
}

}  // namespace nurtured::daemon::cli
