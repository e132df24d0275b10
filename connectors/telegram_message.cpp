#include "connectors/telegram_message.h"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "content/telegram_writer.h"
#include "http/multipart.h"

namespace nurtured::connectors {
namespace {

namespace json = boost::json;

constexpr std::size_t chat_name_bytes_max = 64;
constexpr std::size_t boundary_bytes = 16;  // random ones

TelegramSort sort_of(const Attachment& file) {
  const bool is_picture = file.content_type == "image/jpeg" || file.content_type == "image/png" ||
                          file.content_type == "image/webp";
  return is_picture && file.bytes.size() <= telegram_photo_bytes_max ? TelegramSort::photo
                                                                     : TelegramSort::document;
}

bool fits_under_file(const content::Rendered& rendered) {
  return content::telegram_units(rendered.html) <= telegram_caption_units_max;
}

json::value chat_of(std::string_view chat) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(chat.data(), chat.data() + chat.size(), id);
  if (error == std::errc() && end == chat.data() + chat.size()) return id;
  return json::value(chat);
}

json::object keyboard_of(const std::vector<content::Button>& buttons) {
  json::array rows;
  for (const content::Button& button : buttons) {
    json::object shown{{"text", button.text}};
    if (button.data.empty()) {
      shown["url"] = button.url;
    } else {
      shown["callback_data"] = button.data;
    }
    rows.push_back(json::array{std::move(shown)});
  }
  return {{"inline_keyboard", std::move(rows)}};
}

// The words under `key`, and the buttons.
void add_text(const TelegramDraft& draft, std::string_view key, json::object& wish) {
  const content::Rendered& rendered = draft.message.rendered;
  // What the daemon itself tells people has no markup.
  const bool is_html = !rendered.html.empty();
  const std::string& words = is_html ? rendered.html : rendered.text;
  if (!words.empty() || draft.part.files.empty()) wish[key] = words;
  if (is_html) wish["parse_mode"] = "HTML";
  if (!rendered.buttons.empty()) wish["reply_markup"] = keyboard_of(rendered.buttons);
}

std::string_view word_for(TelegramSort sort) {
  return sort == TelegramSort::photo ? "photo" : "document";
}

// The form's field that holds an uploaded file; an album's files are named by their order.
std::string field_name(const TelegramDraft& draft, std::size_t index) {
  if (draft.part.files.size() > 1) return "file" + std::to_string(index);
  return std::string(word_for(draft.part.sort));
}

json::array album_of(const TelegramDraft& draft) {
  json::array album;
  for (std::size_t i = 0; i < draft.part.files.size(); ++i) {
    const std::string& known = draft.known[i];
    album.push_back({{"type", word_for(draft.part.sort)},
                     {"media", known.empty() ? "attach://" + field_name(draft, i) : known}});
  }
  return album;
}

// In a form every field is a text, and what has a structure is JSON in one (Bot API, "Making
// requests").
void make_form(const TelegramDraft& draft, const json::object& wish, TelegramCall& call) {
  std::vector<std::string> texts;
  texts.reserve(wish.size());
  std::vector<http::FormField> fields;
  for (const auto& [key, value] : wish) {
    texts.push_back(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    fields.push_back({.name = key, .value = texts.back()});
  }
  std::vector<std::string> names(draft.part.files.size());
  for (std::size_t i = 0; i < draft.part.files.size(); ++i) {
    if (!draft.known[i].empty()) continue;
    const Attachment& file = draft.message.attachments[draft.part.files[i]];
    names[i] = field_name(draft, i);
    fields.push_back({.name = names[i],
                      .value = file.bytes,
                      .file_name = file.name.empty() ? std::string_view(names[i]) : file.name,
                      .content_type = file.content_type});
  }
  auto form = http::build_multipart(fields, base::to_hex(base::random_bytes(boundary_bytes)));
  call.content_type = std::move(form.content_type);
  call.body = std::move(form.body);
}

}  // namespace

base::Result<std::vector<TelegramPart>> telegram_parts(const OutboundMessage& message) {
  const std::vector<Attachment>& files = message.attachments;
  for (const Attachment& file : files) {
    if (file.bytes.size() <= telegram_file_bytes_max) continue;
    return base::fail(base::ErrorKind::too_large, file.name + " is larger than Telegram takes");
  }
  if (files.size() == 1 && fits_under_file(message.rendered)) {
    return std::vector{TelegramPart{.sort = sort_of(files[0]), .has_text = true, .files = {0}}};
  }
  std::vector<TelegramPart> parts;
  const content::Rendered& said = message.rendered;
  const bool is_silent = said.html.empty() && said.text.empty() && said.buttons.empty();
  if (files.empty() || !is_silent) parts.push_back({.has_text = true});
  for (std::size_t i = 0; i < files.size(); ++i) {
    const TelegramSort sort = sort_of(files[i]);
    const bool goes_on = !parts.empty() && parts.back().sort == sort &&
                         parts.back().files.size() < telegram_album_files_max;
    if (!goes_on) parts.push_back({.sort = sort});
    parts.back().files.push_back(i);
  }
  return parts;
}

bool is_telegram_chat(std::string_view to) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(to.data(), to.data() + to.size(), id);
  if (error == std::errc() && end == to.data() + to.size()) return id != 0;
  return to.size() > 1 && to.size() <= chat_name_bytes_max && to.front() == '@' &&
         to.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789_",
             1) == std::string_view::npos;
}

TelegramCall telegram_call(const TelegramDraft& draft) {
  TelegramCall call;
  json::object wish{{"chat_id", chat_of(draft.chat)}};
  if (draft.part.sort == TelegramSort::text) {
    call.method = "sendMessage";
    add_text(draft, "text", wish);
    if (!draft.link_preview) wish["link_preview_options"] = {{"is_disabled", true}};
  } else if (draft.part.files.size() > 1) {
    call.method = "sendMediaGroup";
    wish["media"] = album_of(draft);
  } else {
    call.method = draft.part.sort == TelegramSort::photo ? "sendPhoto" : "sendDocument";
    if (!draft.known[0].empty()) wish[word_for(draft.part.sort)] = draft.known[0];
    if (draft.part.has_text) add_text(draft, "caption", wish);
  }
  if (std::ranges::find(draft.known, std::string()) == draft.known.end()) {
    call.body = json::serialize(wish);
  } else {
    make_form(draft, wish, call);
  }
  return call;
}

}  // namespace nurtured::connectors
