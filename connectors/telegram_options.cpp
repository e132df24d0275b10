#include <algorithm>
#include <string_view>

#include "connectors/options.h"
#include "connectors/telegram.h"
#include "http/url.h"

namespace nurtured::connectors {
namespace {

using namespace std::chrono_literals;

// Bot API, deep linking: letters, digits and underscores, a letter first.
constexpr std::size_t bot_name_min = 4;
constexpr std::size_t bot_name_max = 32;

bool is_token(std::string_view token) {
  const std::size_t colon = token.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == token.size()) return false;
  return token.substr(0, colon).find_first_not_of("0123456789") == std::string_view::npos &&
         http::percent_encode(token.substr(colon + 1)) == token.substr(colon + 1);
}

bool is_bot_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return name.size() >= bot_name_min && name.size() <= bot_name_max && is_letter(name.front()) &&
         std::ranges::all_of(
             name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// Bot FAQ, "My bot is hitting limits": one message a second to a chat, twenty a minute to a group.
// Groups have negative ids; a @name is a channel's.
base::Milliseconds gap_between(std::string_view to) {
  return to.starts_with('-') || to.starts_with('@') ? 3s : 1s;
}

TelegramUpdateMode read_updates(config::Section& section) {
  const auto name = section.choice("updates", {"poll", "webhook", "none"});
  if (name == "webhook") return TelegramUpdateMode::webhook;
  if (name == "none") return TelegramUpdateMode::none;
  return TelegramUpdateMode::poll;
}

}  // namespace

const Descriptor& telegram_descriptor() {
  static const Descriptor descriptor{
      .type = "telegram",
      .title = "Telegram bot",
      .format = content::Format::telegram,
      .has_subject = false,
      .honours_key = false,
      .limits = {.rate = 25, .concurrency = 16},
      .per_destination = &gap_between,
      .options =
          {
              {"token", OptionType::secret, true, "", "the bot's token, as @BotFather gave it", {}},
              {"api",
               OptionType::url,
               false,
               "https://api.telegram.org",
               "a Bot API server of one's own",
               {}},
              {"allow_private",
               OptionType::boolean,
               false,
               "false",
               "that server may be inside the network",
               {}},
              {"link_preview", OptionType::boolean, false, "true", "links show a preview", {}},
              {"bot",
               OptionType::text,
               false,
               "",
               "the bot's name without the @, for links that open a chat with it",
               {}},
              {"updates",
               OptionType::choice,
               false,
               "poll",
               "how what people do there comes in: asked for, posted to PUBLIC_URL/hooks/NAME, or "
               "not at all",
               {"poll", "webhook", "none"}},
              {"timeout",
               OptionType::period,
               false,
               "30s",
               "longest wait for an answer, and a second more for each 128 KiB of files",
               {}},
          },
      .actions = {},
  };
  return descriptor;
}

std::optional<TelegramOptions> read_telegram(config::Section& section) {
  const std::size_t faults = section.problems().errors();
  TelegramOptions options;
  section.require("token", "write ${credential:NAME}, and put the token there");
  options.token = section.secret("token").value_or(config::Secret());
  const std::string& token = options.token.reveal();
  if (!token.empty() && !config::refers_to_secret(token) && !is_token(token)) {
    section.error("token", "this is no bot token", "it has the form DIGITS:LETTERS");
  }
  if (auto api = section.text("api")) {
    while (api->ends_with('/')) api->pop_back();
    if (const auto url = http::parse_url(*api); !url) {
      section.error("api", url.error().message, url.error().remedy);
    }
    options.api = std::move(*api);
  }
  options.allow_private = section.boolean("allow_private").value_or(options.allow_private);
  options.link_preview = section.boolean("link_preview").value_or(options.link_preview);
  options.bot = section.text("bot").value_or("");
  if (!options.bot.empty() && !is_bot_name(options.bot)) {
    section.error("bot", "this is no name of a bot",
                  "write what @BotFather calls its username, without the @");
  }
  options.updates = read_updates(section);
  options.total_time_max =
      section.period("timeout", {.min = 1s, .max = 5min}).value_or(options.total_time_max);
  options.limits = read_limits(section, telegram_descriptor().limits);
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

}  // namespace nurtured::connectors
