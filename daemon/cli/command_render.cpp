// render: one message as a contact would get it, or the filter of many templates.
#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/samples.h"
#include "config/section.h"
#include "content/escape.h"
#include "content/liquid/render_line.h"
#include "content/message.h"
#include "daemon/cli/filter.h"
#include "daemon/cli/program.h"
#include "daemon/cli/replace_file.h"
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
  std::string sample;
  std::string channel;
  std::string locale;
  std::string data;
  std::string part = "text";
  bool jsonl = false;
  bool open = false;  // in a browser
  std::string format = "text";
};

constexpr std::string_view all_channels = "all";

// Whom the message is for: what it prints from, in which zone and language.
struct Recipient {
  cel::Map variables;
  std::string zone;
  std::string locale;
};

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

Result<cel::Value> find_sample(const config::Config& config, const std::string& name) {
  const auto file = std::ranges::find(config.files, config::samples_file, &config::File::path);
  std::map<std::string, cel::Value, std::less<>> samples;
  // Its faults were told when the workspace was loaded.
  config::Problems told;
  if (file != config.files.end()) samples = config::read_samples(*file, told);
  const auto found = samples.find(name);
  if (found != samples.end()) return found->second;
  return base::fail(ErrorKind::not_found, "there is no sample " + name,
                    config::did_you_mean(name, names_of(samples), "name it in samples.yaml"));
}

// What a sample says of the contact stands beside what every contact has, such as tags.
void set_sample(const cel::Value& sample, cel::Map& variables) {
  for (const auto& entry : sample.as_map()) {
    cel::Map part;
    if (const auto* known = variables.find(entry.key); known != nullptr && known->is_map()) {
      part = known->as_map();
    }
    for (const auto& field : entry.value.as_map()) part.set(field.key, field.value);
    variables.set(entry.key, std::move(part));
  }
}

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

// A text of the contact; empty where there is none.
std::string trait(const cel::Map& variables, std::string_view name) {
  const cel::Value* contact = variables.find("contact");
  const cel::Value* value = contact == nullptr ? nullptr : contact->find(name);
  return value == nullptr || !value->is_string() ? std::string() : value->as_string();
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
  Recipient recipient;
  const cel::Value variables = rules::render_data(book, contact, nullptr, call.world.clock.now());
  for (const auto& entry : variables.as_map()) recipient.variables.set(entry.key, entry.value);
  set_links(recipient.variables, example_links(config, config.messages.at(options.message).kind()));
  if (!options.sample.empty()) {
    const auto sample = find_sample(config, options.sample);
    if (!sample) return base::fail(sample.error());
    set_sample(*sample, recipient.variables);
  }
  for (const auto& entry : data.as_map()) recipient.variables.set(entry.key, entry.value);
  // Whoever the contact is, known or made up: by their clock and in their language.
  const std::string zone = trait(recipient.variables, "timezone");
  recipient.zone = book.knows_zone(zone) ? zone : book.settings().zone_name;
  recipient.locale = options.locale.empty() ? trait(recipient.variables, "locale") : options.locale;
  recipient.locale = recipient.locale.empty() ? "en" : as_named(recipient.locale);
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

struct Shown {
  std::string channel;
  content::Rendered rendered;
};

// The channel that is asked for, or the first; all of them in the order of nurtured.yaml.
Result<std::vector<std::string>> channels_of(const rules::Settings& settings,
                                             const std::string& wanted) {
  if (wanted == all_channels) return names_of(settings.channels);
  if (wanted.empty()) {
    return std::vector<std::string>{settings.default_via.empty() ? "email"
                                                                 : settings.default_via[0]};
  }
  if (settings.channels.contains(wanted)) return std::vector<std::string>{wanted};
  const std::vector<std::string> names = names_of(settings.channels);
  return base::fail(
      ErrorKind::not_found, "there is no channel " + wanted,
      config::did_you_mean(wanted, names, fmt::format("channels are {}", fmt::join(names, ", "))));
}

struct ChannelFault {
  std::string channel;
  base::Error error;
};

struct RenderedChannels {
  std::vector<Shown> shown;
  std::vector<ChannelFault> faults;  // of the others
};

Result<RenderedChannels> render_all(const Call& call, const BookKeeper& keeper,
                                    const config::Config& config, const RenderOptions& options,
                                    const cel::Value& data) {
  const auto message = config.messages.find(options.message);
  if (message == config.messages.end()) {
    return base::fail(ErrorKind::not_found, "there is no message " + options.message,
                      config::did_you_mean(options.message, names_of(config.messages),
                                           "messages are the files content/NAME.md"));
  }
  const auto channels = channels_of(config.book->settings(), options.channel);
  if (!channels) return base::fail(channels.error());
  const auto recipient = find_recipient(call, keeper, config, options, data);
  if (!recipient) return base::fail(recipient.error());
  const cel::Value variables(recipient->variables);
  RenderedChannels all;
  for (const std::string& channel : *channels) {
    auto rendered = content::render(message->second, format_of(config, channel),
                                    {.variables = &variables,
                                     .channel = channel,
                                     .now = call.world.clock.now(),
                                     .zone = recipient->zone,
                                     .locale = recipient->locale},
                                    content::PlainLinks());
    if (rendered) {
      all.shown.push_back({channel, *std::move(rendered)});
    } else {
      all.faults.push_back({channel, std::move(rendered).error()});
    }
  }
  return all;
}

// Each channel's message in a frame of its own that runs no script, so that its styles stay inside.
std::string page_of(const std::string& message, const std::vector<Shown>& all) {
  std::string body;
  for (const Shown& shown : all) {
    const auto& rendered = shown.rendered;
    body += fmt::format("<h2>{}</h2>\n", content::escape_html(shown.channel));
    if (!rendered.subject.empty()) {
      body += fmt::format("<p><b>{}</b></p>\n", content::escape_html(rendered.subject));
    }
    body += rendered.html.empty()
                ? fmt::format("<pre>{}</pre>\n", content::escape_html(rendered.text))
                : fmt::format("<iframe sandbox srcdoc=\"{}\"></iframe>\n",
                              content::escape_html(rendered.html));
  }
  return fmt::format(
      "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n"
      "<style>body{{font-family:sans-serif;max-width:50rem;margin:1rem auto}}"
      "iframe{{width:100%;height:40rem}}pre{{white-space:pre-wrap}}</style>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      content::escape_html(message), body);
}

int open_page(const Call& call, const std::string& message, const std::vector<Shown>& all) {
  const auto file = write_private_file(message, ".html", page_of(message, all));
  if (!file) return complain(call, file.error());
  const auto started = start_program({"xdg-open", *file});
  if (!started) {
    base::Error error = started.error();
    error.remedy = "open " + *file;
    return complain(call, error);
  }
  print_text(call.console.out, *file + "\n");
  return done;
}

int render(const Call& call, const RenderOptions& options, const cel::Value& data) {
  const auto keeper = make_keeper(call);
  if (!keeper) return complain(call, keeper.error(), options.format);
  const auto config = load_config(call, **keeper, options.format);
  if (config == nullptr) return found_problem;
  const auto all = render_all(call, **keeper, *config, options, data);
  if (!all) return complain(call, all.error(), options.format);
  const bool is_many = options.channel == all_channels;
  if (!is_many && !all->faults.empty()) {
    return complain(call, all->faults.front().error, options.format);
  }
  cel::List values;
  int code = done;
  for (const auto& [channel, error] : all->faults) {
    base::Error named = error;
    named.message.insert(0, channel + ": ");
    code = complain(call, named);
    cel::Map value = to_map(error);
    value.set("channel", channel);
    values.emplace_back(std::move(value));
  }
  if (options.open && !all->shown.empty()) {
    const int opened = open_page(call, options.message, all->shown);
    return opened == done ? code : opened;
  }
  for (const Shown& shown : all->shown) {
    if (options.format == "json") {
      values.emplace_back(to_value(shown.rendered, shown.channel));
    } else {
      if (is_many) print_text(call.console.out, fmt::format("=== {}\n", shown.channel));
      show(call, shown.rendered, options.part);
    }
  }
  if (options.format == "json") {
    call.console.out << cel::to_json(is_many ? cel::Value(std::move(values)) : values.front())
                     << '\n';
  }
  return code;
}

}  // namespace

void add_render(CLI::App& app, Call& call) {
  const auto options = std::make_shared<RenderOptions>();
  auto* command = app.add_subcommand("render", "one message for one contact and channel");
  auto* message = command->add_option("MESSAGE", options->message, "its name: content/NAME.md");
  auto* contact = command->add_option("--contact", options->contact,
                                      "for this contact; for nobody where left out");
  command->add_option("--sample", options->sample, "for this person of samples.yaml")
      ->excludes(contact);
  command->add_option("--channel", options->channel, "as that channel shows it, or all");
  command->add_option("--locale", options->locale, "in that language, such as ru");
  command->add_option("--data", options->data, "more variables, or others, as a JSON object");
  command->add_option("--part", options->part, "text or html")
      ->check(CLI::IsMember({"text", "html"}))
      ->option_text("PART (text)");
  auto* jsonl = command->add_flag("--jsonl", options->jsonl,
                                  "a filter: {\"template\", \"data\", \"partials\"} a line to "
                                  "{\"output\"} or {\"error\"}");
  jsonl->excludes(message);
  command->add_flag("--open", options->open, "in a browser, from a file that only you can read")
      ->excludes(jsonl);
  add_format(*command, options->format);
  add_examples(*command,
               "  nurtured render webinar-invite --data '{\"contact\": {\"first_name\": "
               "\"Anna\"}}'\n"
               "  nurtured render webinar-invite --contact anna --channel email --part html\n"
               "  nurtured render webinar-invite --sample anna --channel all --open\n"
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
