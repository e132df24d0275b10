#include "connectors/telegram_updates.h"

#include <algorithm>

#include "base/encoding.h"
#include "connectors/telegram_json.h"
#include "http/url.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;
using base::Result;
using telegram::array_at;
using telegram::flag_at;
using telegram::integer_at;
using telegram::object_at;
using telegram::text_at;

// Bot API: ids have at most 52 significant bits.
constexpr std::int64_t id_max = (std::int64_t{1} << 52) - 1;
constexpr std::size_t file_bytes_max = 256;      // of a file_id; those seen have under 100
constexpr std::size_t callback_bytes_max = 128;  // of a callback query's id; those seen have 19
constexpr std::size_t username_bytes_max = 32;
constexpr std::size_t locale_bytes_max = 35;  // RFC 5646 section 4.4.1
constexpr std::size_t phone_digits_max = 15;  // E.164
constexpr std::size_t entities_max = 200;     // looked at in one text
constexpr std::string_view start_command = "/start";

// The fields that show what a message is beside its text. An animation is told as a document too.
constexpr std::string_view media_kinds[] = {
    "photo",      "animation", "video", "audio", "voice", "document", "sticker",   "contact",
    "video_note", "location",  "venue", "poll",  "dice",  "story",    "paid_media"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

bool is_token_text(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return is_word(c) || c == '-'; });
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::optional<std::int64_t> id_at(const json::object& object, std::string_view key) {
  const auto id = integer_at(object, key);
  return id && *id != 0 && *id >= -id_max && *id <= id_max ? id : std::nullopt;
}

std::optional<base::Instant> date_at(const json::object& object) {
  const auto seconds = integer_at(object, "date");
  if (!seconds || *seconds <= 0 || *seconds > base::to_millis(base::instant_max) / 1000) {
    return std::nullopt;
  }
  return base::from_millis(*seconds * 1000);
}

// Lines stay lines; other control characters say nothing.
std::string words_of(std::string_view text) {
  std::string out(base::cut_utf8(text, chat_text_bytes_max));
  std::erase_if(out, [](char c) { return is_control(c) && c != '\n' && c != '\t'; });
  return out;
}

std::string name_of(std::string_view text) {
  std::string out(base::cut_utf8(text, telegram_name_bytes_max));
  std::ranges::replace_if(out, is_control, ' ');
  return out;
}

// International, with a plus, as Telegram keeps it without one. Empty for what is no number.
std::string phone_of(std::string_view text) {
  std::string out = "+";
  for (const char c : text) {
    if (is_digit(c)) {
      out += c;
    } else if (std::string_view("+ ()-").find(c) == std::string_view::npos) {
      return {};
    }
    if (out.size() > phone_digits_max + 1) return {};
  }
  return out.size() > 1 ? out : std::string();
}

// The part of `text` that an entity names by UTF-16 units. Empty where it lies outside, or splits a
// character.
std::string_view utf16_part(std::string_view text, std::int64_t offset, std::int64_t length) {
  if (offset < 0 || length <= 0 || offset > id_max || length > id_max) return {};
  std::optional<std::size_t> begin;
  std::int64_t unit = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto byte = i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    if ((byte & 0xC0U) == 0x80U) continue;  // inside a character
    if (unit == offset) begin = i;
    if (unit == offset + length) return begin ? text.substr(*begin, i - *begin) : "";
    if (unit > offset + length) return {};
    unit += byte >= 0xF0U ? 2 : 1;  // past the first plane: a surrogate pair
  }
  return {};
}

void add_link(std::vector<std::string>& links, std::string_view url) {
  if (url.empty() || url.size() > http::url_bytes_max || links.size() >= telegram_links_max) return;
  links.emplace_back(url);
}

void add_entity_links(std::vector<std::string>& links, std::string_view text,
                      const json::array* entities) {
  if (entities == nullptr) return;
  text = base::cut_utf8(text, chat_text_bytes_max);
  for (std::size_t i = 0; i < std::min(entities->size(), entities_max); ++i) {
    const json::object* const entity = (*entities)[i].if_object();
    if (entity == nullptr) continue;
    const std::string_view type = text_at(*entity, "type");
    if (type == "text_link") add_link(links, text_at(*entity, "url"));
    const auto offset = integer_at(*entity, "offset");
    const auto length = integer_at(*entity, "length");
    if (type == "url" && offset && length) add_link(links, utf16_part(text, *offset, *length));
  }
}

void add_button_links(std::vector<std::string>& links, const json::object& message) {
  const json::object* const markup = object_at(message, "reply_markup");
  const json::array* const rows = markup ? array_at(*markup, "inline_keyboard") : nullptr;
  if (rows == nullptr) return;
  for (const json::value& row : *rows) {
    const json::array* const buttons = row.if_array();
    if (buttons == nullptr) continue;
    for (const json::value& button : *buttons) {
      if (const json::object* const one = button.if_object()) add_link(links, text_at(*one, "url"));
    }
  }
}

// Of the message that this one answers, where that is the bot's own.
std::vector<std::string> answered_links(const json::object& message, std::int64_t bot) {
  std::vector<std::string> links;
  const json::object* const answered = object_at(message, "reply_to_message");
  const json::object* const from = answered ? object_at(*answered, "from") : nullptr;
  if (from == nullptr || flag_at(*from, "is_bot") != true || integer_at(*from, "id") != bot) {
    return links;
  }
  add_entity_links(links, text_at(*answered, "text"), array_at(*answered, "entities"));
  add_entity_links(links, text_at(*answered, "caption"), array_at(*answered, "caption_entities"));
  add_button_links(links, *answered);
  return links;
}

// False where nobody is named.
bool tell_sender(const json::object& from, ChatUpdate& told) {
  const auto id = id_at(from, "id");
  if (!id) return false;
  told.sender = std::to_string(*id);
  const std::string_view username = text_at(from, "username");
  if (username.size() <= username_bytes_max && std::ranges::all_of(username, is_word)) {
    told.username = username;
  }
  told.first_name = name_of(text_at(from, "first_name"));
  told.last_name = name_of(text_at(from, "last_name"));
  const std::string_view locale = text_at(from, "language_code");
  if (is_token_text(locale, locale_bytes_max)) told.locale = locale;
  return true;
}

// What of `message` is a file, or another thing beside text.
void tell_media(const json::object& message, ChatUpdate& told) {
  for (const std::string_view kind : media_kinds) {
    const json::value* const value = message.if_contains(kind);
    if (value == nullptr) continue;
    told.media = kind;
    const json::object* file = value->if_object();
    // A photo comes in several sizes, the largest last.
    const json::array* const sizes = value->if_array();
    if (sizes != nullptr && !sizes->empty()) file = sizes->back().if_object();
    if (file == nullptr) return;
    const std::string_view id = text_at(*file, "file_id");
    if (is_token_text(id, file_bytes_max)) told.file = id;
    return;
  }
}

// Nobody else's number counts as the sender's (Bot API, Contact.user_id).
void tell_phone(const json::object& message, std::int64_t sender, ChatUpdate& told) {
  const json::object* const contact = object_at(message, "contact");
  if (contact == nullptr || integer_at(*contact, "user_id") != sender) return;
  told.phone = phone_of(text_at(*contact, "phone_number"));
}

// "/start", "/start PAYLOAD", "/start@bot PAYLOAD". nullopt where the text is something else; a
// payload that no link can have held is none.
std::optional<std::string> start_payload(std::string_view text) {
  if (!text.starts_with(start_command)) return std::nullopt;
  text.remove_prefix(start_command.size());
  if (text.starts_with('@')) {
    const auto* const end = std::find_if_not(text.begin() + 1, text.end(), is_word);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  if (text.empty()) return "";
  if (!text.starts_with(' ')) return std::nullopt;
  text.remove_prefix(1);
  return is_token_text(text, chat_payload_bytes_max) ? std::string(text) : "";
}

enum class Room { person, group, other };

Room room_of(const json::object& chat) {
  const std::string_view type = text_at(chat, "type");
  if (type == "private") return Room::person;
  return type == "group" || type == "supergroup" ? Room::group : Room::other;
}

using Reading = Result<std::optional<ChatUpdate>>;

Reading read_message(const json::object& message, std::int64_t bot) {
  const json::object* const chat = object_at(message, "chat");
  const auto id = chat == nullptr ? std::nullopt : id_at(*chat, "id");
  if (!id) return base::fail("the message has no chat");
  const Room room = room_of(*chat);
  const json::object* const from = object_at(message, "from");
  if (room == Room::other || from == nullptr || flag_at(*from, "is_bot") == true) return {};
  ChatUpdate told{.chat = std::to_string(*id), .is_group = room == Room::group};
  if (!tell_sender(*from, told)) return base::fail("the message has no sender");
  const auto date = date_at(message);
  if (!date) return base::fail("the message has no date");
  told.at = *date;
  const std::string_view text = text_at(message, "text");
  if (const auto payload = start_payload(text); payload && room == Room::person) {
    told.kind = ChatKind::started;
    told.payload = *payload;
    return told;
  }
  told.text = words_of(text.empty() ? text_at(message, "caption") : text);
  tell_media(message, told);
  tell_phone(message, *id_at(*from, "id"), told);
  if (told.text.empty() && told.media.empty()) return {};  // the service's own note
  told.answered_links = answered_links(message, bot);
  return told;
}

Reading read_press(const json::object& query) {
  const json::object* const message = object_at(query, "message");
  const std::string_view data = text_at(query, "data");
  // Of an inline message, which we never send, or of a game.
  if (message == nullptr || data.empty()) return {};
  if (data.size() > telegram_data_bytes_max) return base::fail("the button holds too much");
  const json::object* const from = object_at(query, "from");
  ChatUpdate told{.kind = ChatKind::pressed};
  if (from == nullptr || !tell_sender(*from, told)) return base::fail("the press has no sender");
  const json::object* const chat = object_at(*message, "chat");
  const auto id = chat == nullptr ? std::nullopt : id_at(*chat, "id");
  if (!id) return base::fail("the press has no chat");
  const Room room = room_of(*chat);
  if (room == Room::other) return {};
  told.is_group = room == Room::group;
  if (room == Room::person) told.chat = std::to_string(*id);
  told.data = data;
  return told;
}

// In a private chat this is told when a person blocks the bot, or takes that back.
Reading read_membership(const json::object& change) {
  const json::object* const chat = object_at(change, "chat");
  const auto id = chat == nullptr ? std::nullopt : id_at(*chat, "id");
  if (!id) return base::fail("the change has no chat");
  const json::object* const member = object_at(change, "new_chat_member");
  const std::string_view status = member == nullptr ? "" : text_at(*member, "status");
  if (room_of(*chat) != Room::person || (status != "kicked" && status != "member")) return {};
  ChatUpdate told{.kind = status == "kicked" ? ChatKind::blocked : ChatKind::unblocked,
                  .chat = std::to_string(*id)};
  const json::object* const from = object_at(change, "from");
  if (from == nullptr || !tell_sender(*from, told)) return base::fail("the change has no sender");
  const auto date = date_at(change);
  if (!date) return base::fail("the change has no date");
  told.at = *date;
  return told;
}

Reading read_content(const json::object& update, std::int64_t bot) {
  if (const json::object* const message = object_at(update, "message")) {
    return read_message(*message, bot);
  }
  if (const json::object* const query = object_at(update, "callback_query")) {
    return read_press(*query);
  }
  if (const json::object* const change = object_at(update, "my_chat_member")) {
    return read_membership(*change);
  }
  return {};
}

// nullopt where it has no number.
std::optional<TelegramUpdate> read_update(const json::value& value, std::int64_t bot) {
  const json::object* const object = value.if_object();
  const auto id = object == nullptr ? std::nullopt : integer_at(*object, "update_id");
  if (!id || *id < 0 || *id > id_max) return std::nullopt;
  TelegramUpdate update{.id = *id};
  auto content = read_content(*object, bot);
  if (!content) {
    update.fault = std::move(content.error().message);
    return update;
  }
  update.told = *std::move(content);
  if (!update.told) return update;
  update.told->id = std::to_string(*id);
  if (update.told->kind == ChatKind::pressed) {
    const std::string_view callback = text_at(*object_at(*object, "callback_query"), "id");
    if (is_token_text(callback, callback_bytes_max)) update.callback = callback;
  }
  return update;
}

}  // namespace

Result<TelegramUpdate> read_telegram_update(std::string_view body, std::int64_t bot) {
  if (body.size() > telegram_update_bytes_max) {
    return base::fail(base::ErrorKind::too_large, "the update is too large");
  }
  const auto value = telegram::parse(body);
  if (!value) return base::fail("the update is no JSON");
  auto update = read_update(*value, bot);
  if (!update) return base::fail("the update has no number");
  return *std::move(update);
}

Result<TelegramUpdates> read_telegram_updates(std::string_view answer, std::int64_t bot) {
  const auto value = telegram::parse(answer);
  const json::object* const object = value ? value->if_object() : nullptr;
  const bool ok = object != nullptr && flag_at(*object, "ok") == true;
  const json::array* const list = ok ? array_at(*object, "result") : nullptr;
  if (list == nullptr) return base::fail("the answer is not the Bot API's");
  TelegramUpdates read;
  for (const json::value& one : *list) {
    auto update = read_update(one, bot);
    if (!update) {
      ++read.nameless;
      continue;
    }
    read.next = std::max(read.next, update->id + 1);
    read.updates.push_back(*std::move(update));
  }
  if (read.updates.empty() && read.nameless > 0) {
    return base::fail("none of the updates has a number");
  }
  return read;
}

}  // namespace nurtured::connectors
