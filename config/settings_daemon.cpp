#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "config/settings.h"

namespace nurtured::config {
namespace {

constexpr rules::Span keep_min{.days = 1};
constexpr rules::Span dedup_max{.days = 60};

void read_store(Section& root, Config& config) {
  const auto store = root.text("store");
  if (!store) return;
  constexpr std::string_view sqlite = "sqlite:";
  if (store->starts_with("postgresql:") || store->starts_with("postgres:")) {
    root.error("store", "PostgreSQL is not available in this version", "write sqlite:nurtured.db");
  } else if (!store->starts_with(sqlite) || store->size() == sqlite.size()) {
    root.error("store", fmt::format("\"{}\" is no store", *store),
               "write sqlite:nurtured.db or sqlite::memory:");
  } else {
    config.store = *store;
  }
}

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

// "127.0.0.1:8025", "[::1]:8025", "localhost:8025"; the port may be 0, which lets the system
// choose.
bool is_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = text.substr(0, colon);
  const bool is_digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
  if (is_digits && !is_ip_address(std::string(host))) return false;
  const bool is_bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data() + colon + 1, end, port);
  return !is_bare_v6 && fault == std::errc() && rest == end && port <= 65535;
}

std::string read_endpoint(Section& section, std::string_view key, std::string otherwise) {
  const auto text = section.text(key);
  if (!text) return otherwise;
  if (!is_endpoint(*text)) {
    section.error(key, fmt::format("\"{}\" is no address to listen on", *text),
                  "write HOST:PORT, such as 127.0.0.1:8025");
    return otherwise;
  }
  return *text;
}

std::string read_public_url(Section& section) {
  std::string url = section.text("public_url").value_or("");
  if (url.empty()) return url;
  while (url.ends_with('/')) url.pop_back();
  const bool is_http = url.starts_with("http://");
  const bool has_blank = url.find_first_of(" \t\r\n\"<>?#@") != std::string::npos;
  const std::size_t scheme = is_http ? 7 : 8;
  if ((!is_http && !url.starts_with("https://")) || url.size() <= scheme || has_blank) {
    section.error("public_url", "`http.public_url` is no address of this daemon",
                  "write https://HOST, without a question mark or a password");
  } else if (is_http) {
    section.warning("public_url", "plain-http",
                    "links and one-click unsubscribes go over plain http: mailbox providers ignore "
                    "the one-click header there, and anybody on the way can read the links",
                    "put the daemon behind https");
  }
  return url;
}

void read_http(Section& root, HttpSettings& http) {
  auto section = root.section("http");
  if (!section) return;
  http.listen = read_endpoint(*section, "listen", http.listen);
  http.admin_listen = read_endpoint(*section, "admin_listen", "");
  http.public_url = read_public_url(*section);
  for (auto& [address, place] : section->placed_texts("trusted_proxies")) {
    if (!is_ip_address(address)) {
      root.problems().error(place, fmt::format("\"{}\" is no IP address", address),
                            "write one such as 127.0.0.1");
    }
    http.trusted_proxies.push_back(std::move(address));
  }
  section->finish();
}

void read_keys(Section& root, Keys& keys) {
  auto section = root.section("keys");
  if (!section) return;
  keys.write = section->secrets_list("write");
  keys.admin = section->secret("admin");
  keys.sign = section->secrets_list("sign");
  section->finish();
}

// Whether others than this machine's own programs reach it.
bool is_open_to_others(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return !(host == "localhost" || host == "[::1]" || host.starts_with("127."));
}

void warn_of_exposure(Section& root, const Config& config) {
  if (!is_open_to_others(config.http.listen)) return;
  if (config.http.public_url.empty()) {
    root.warning("http", "no-public-url",
                 fmt::format("links in messages would begin with {}, which their readers may not "
                             "be able to open",
                             config.http.base_url()),
                 "set `http.public_url` to the address that they see");
  }
  if (config.keys.write.empty()) {
    root.warning("http", "no-write-keys",
                 fmt::format("without `keys.write` anybody who reaches {} may write events and "
                             "change contacts",
                             config.http.listen),
                 "set `keys.write`, or listen on 127.0.0.1");
  }
}

void read_keep(Section& root, Keep& keep, Catalogue& catalogue) {
  if (auto section = root.section("keep")) {
    const auto read = [&](std::string_view key, rules::Span& span) {
      const auto value = section->span(key);
      if (!value) return;
      span = *value;
      if (value->nominal() < keep_min.nominal()) {
        section->error(key, fmt::format("`keep.{}` is shorter than a day", key),
                       "write at least 1d");
      }
    };
    read("events", keep.events);
    read("history", keep.history);
    read("decisions", keep.decisions);
    section->finish();
  }
  catalogue.history = keep.history;
}

void read_connector(const Entry& entry, Section& section, const ConnectorTypes& types,
                    Catalogue& catalogue, Config& config) {
  if (!section.require("type", "say what it is: type: smtp")) return;
  const auto type = section.text("type");
  if (!type) return;
  config.connectors.emplace(entry.key, ConnectorConfig{entry.key, *type, entry.value});
  const auto actions = types.actions.find(*type);
  if (actions != types.actions.end()) {
    catalogue.actions[entry.key] = actions->second;
  } else {
    catalogue.actions[entry.key].reset();
  }
  if (types.names.empty()) return;
  if (std::find(types.names.begin(), types.names.end(), *type) == types.names.end()) {
    section.error("type", fmt::format("there is no connector type `{}`", *type),
                  did_you_mean(*type, types.names,
                               fmt::format("types are {}", fmt::join(types.names, ", "))));
    return;
  }
  if (types.check) types.check(*type, section);
  section.finish();
}

void read_connectors(Section& root, const ConnectorTypes& types, Catalogue& catalogue,
                     Config& config) {
  catalogue.knows_actions = !types.names.empty();
  const auto map = root.section("connectors");
  if (!map) return;
  for (const Entry& entry : root.node("connectors")->entries) {
    check_name(entry.key, "connector", "", entry.place, root.problems());
    Section section(entry.value, "connectors." + entry.key, root.problems(), root.secrets());
    read_connector(entry, section, types, catalogue, config);
  }
}

rules::Channel read_channel(const Entry& entry, Problems& problems) {
  rules::Channel channel;
  if (entry.value.is_scalar()) {
    channel.connector = entry.value.text;
    return channel;
  }
  Section section(entry.value, "channels." + entry.key, problems);
  section.require("connector", "name one of `connectors`");
  channel.connector = section.text("connector").value_or("");
  if (section.choice("consent", {"recorded", "assumed"}).value_or("recorded") == "assumed") {
    channel.consent_assumed = true;
    section.warning("consent", "consent-assumed",
                    fmt::format("everybody with an address on `{}` gets marketing without recorded "
                                "consent; who unsubscribes is still left alone",
                                entry.key),
                    "record consent instead wherever the law asks for it");
  }
  section.finish();
  return channel;
}

// A channel may have any name, and contacts have addresses by it: one that is nearly a usual name
// has none.
void warn_of_channel_name(const Entry& entry, Problems& problems) {
  static const std::vector<std::string> usual{"email", "telegram", "vk", "whatsapp", "sms"};
  if (std::find(usual.begin(), usual.end(), entry.key) != usual.end()) return;
  const std::string hint = did_you_mean(entry.key, usual);
  if (hint.empty()) return;
  problems.warning(
      entry.place, "channel-name",
      fmt::format("only contacts with `channels.{}` can be reached by this", entry.key), hint);
}

// What goes by the channel `email` is a mail, whatever stands in for a mail server.
bool is_mail_or_of(const std::vector<std::string>& types, const std::string& name,
                   const rules::Channel& channel, const Config& config) {
  const auto connector = config.connectors.find(channel.connector);
  return name == "email" || (connector != config.connectors.end() &&
                             std::ranges::find(types, connector->second.type) != types.end());
}

void read_channels(Section& root, const ConnectorTypes& types, Catalogue& catalogue,
                   rules::Settings& settings, const Config& config) {
  const auto map = root.section("channels");
  if (!map) return;
  std::vector<std::string> known;
  const Node* connectors = root.node("connectors");
  if (connectors != nullptr) {
    for (const Entry& entry : connectors->entries) known.push_back(entry.key);
  }
  for (const Entry& entry : root.node("channels")->entries) {
    check_name(entry.key, "channel", "", entry.place, root.problems());
    if (entry.key == "all") {
      root.problems().error(entry.place, "no channel can be called `all`",
                            "`via: all` means every channel");
    }
    warn_of_channel_name(entry, root.problems());
    rules::Channel channel = read_channel(entry, root.problems());
    const bool is_known = std::find(known.begin(), known.end(), channel.connector) != known.end();
    if (!is_known && !channel.connector.empty()) {
      root.problems().error(entry.value.place,
                            fmt::format("there is no connector `{}`", channel.connector),
                            did_you_mean(channel.connector, known, "list it under `connectors`"));
    }
    if (is_mail_or_of(types.with_subject, entry.key, channel, config)) {
      catalogue.subject_channels.push_back(entry.key);
    }
    if (is_mail_or_of(types.mail, entry.key, channel, config)) {
      catalogue.mail_channels.push_back(entry.key);
    }
    catalogue.channels.push_back(entry.key);
    settings.channels.emplace(entry.key, std::move(channel));
  }
  settings.default_via = catalogue.channels;
  catalogue.default_via = catalogue.channels;
}

Receiver read_receiver(Section& section, const Catalogue& catalogue) {
  Receiver receiver;
  if (section.require("channel", "name one of `channels`")) {
    receiver.channel = section.text("channel").value_or("");
    const auto& known = catalogue.channels;
    if (!receiver.channel.empty() &&
        std::find(known.begin(), known.end(), receiver.channel) == known.end()) {
      section.error("channel", fmt::format("there is no channel `{}`", receiver.channel),
                    did_you_mean(receiver.channel, known, "add it to `channels`"));
    }
  }
  section.require("to", "write the address that is told");
  receiver.to = section.text("to").value_or("");
  section.finish();
  return receiver;
}

void read_notify(Section& root, const Catalogue& catalogue, Config& config) {
  auto section = root.section("notify");
  if (section) config.notify = read_receiver(*section, catalogue);
}

// `handoff: {to: [{channel, to}], on_message: 1d|never}`
void read_handoff_settings(Section& root, Catalogue& catalogue, rules::Settings& settings,
                           Config& config) {
  auto section = root.section("handoff");
  if (section) {
    if (const Node* to = section->node("to")) {
      if (!to->is_map() && !to->is_list()) {
        section->error("to", "this names nobody", "write {channel: telegram, to: \"-100123\"}");
      }
      const auto read = [&](const Node& node) {
        Section one(node, "handoff.to", root.problems());
        config.handoff.to.push_back(read_receiver(one, catalogue));
      };
      if (to->is_map()) read(*to);
      for (const Node& item : to->items) read(item);
    }
  }
  if (config.handoff.to.empty() && config.notify) config.handoff.to.push_back(*config.notify);
  catalogue.has_humans = !config.handoff.to.empty();
  const Node* pause = section ? section->node("on_message") : nullptr;
  if (pause != nullptr && !(pause->is_scalar() && pause->text == "never")) {
    settings.handoff_on_message = section->span("on_message");
    if (config.handoff.to.empty()) {
      section->error("on_message", "nobody is told of a message",
                     "say under `to` who answers, or write `never`");
    }
  } else if (pause == nullptr && !config.handoff.to.empty()) {
    settings.handoff_on_message = rules::Span{.days = 1};
  }
  if (section) section->finish();
}

}  // namespace

void read_daemon(Section& root, const Document& document, const CompileOptions& options,
                 Catalogue& catalogue, rules::Settings& settings, Config& config) {
  read_store(root, config);
  read_http(root, config.http);
  read_keys(root, config.keys);
  warn_of_exposure(root, config);
  read_keep(root, config.keep, catalogue);
  if (const auto dedup = root.span("dedup")) {
    config.dedup = *dedup;
    if (dedup->nominal() > dedup_max.nominal()) {
      root.error("dedup", "`dedup` is longer than 60d", "7d is plenty for repeats");
    }
  }
  read_connectors(root, options.connector_types, catalogue, config);
  read_channels(root, options.connector_types, catalogue, settings, config);
  read_notify(root, catalogue, config);
  read_handoff_settings(root, catalogue, settings, config);
  read_tracking(root, config.tracking);
  read_pages(root, config.pages);
  read_hooks(root, document, catalogue, config);
}

SettingsFile read_settings(const Document& document, const CompileOptions& options,
                           Catalogue& catalogue, Uses& uses, Problems& problems) {
  SettingsFile out;
  Section root(document.root, "", problems, options.secrets);
  // First, because conditions are held to `keep.history`.
  read_daemon(root, document, options, catalogue, out.rules, out.daemon);
  read_rules(root, document, options, catalogue, uses, out.rules);
  root.finish();
  return out;
}

}  // namespace nurtured::config
