// One message as the calls of the Bot API that carry it: its text with the buttons, and its files.
// Pure, but for the boundary of an upload.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/telegram_api.h"

namespace nurtured::connectors {

// Bot API: a caption, in UTF-16 units of what is shown; pictures and other files, in bytes; files
// in one album.
inline constexpr std::size_t telegram_caption_units_max = 1024;
inline constexpr std::size_t telegram_photo_bytes_max = 10'000'000;
inline constexpr std::size_t telegram_file_bytes_max = 50'000'000;
inline constexpr std::size_t telegram_album_files_max = 10;

enum class TelegramSort { text, photo, document };

// What one call carries.
struct TelegramPart {
  TelegramSort sort = TelegramSort::text;
  bool has_text = false;           // the message's, with its buttons: under a file it is a caption
  std::vector<std::size_t> files;  // of the message's attachments, in their order
  bool operator==(const TelegramPart&) const = default;
};

// In the order in which they leave. One file goes with the text where that fits under it; else the
// text comes first, and the files after it, those of one sort that follow each other as an album.
// `too_large` names a file that Telegram does not take.
base::Result<std::vector<TelegramPart>> telegram_parts(const OutboundMessage& message);

// True for a chat's number, or a channel's @name.
bool is_telegram_chat(std::string_view to);

struct TelegramDraft {
  const OutboundMessage& message;
  const TelegramPart& part;
  std::string_view chat;
  // For each of the part's files the id under which Telegram has it already; empty: it is uploaded.
  std::span<const std::string> known;
  bool link_preview = true;
};

// `total_time_max` is the caller's to set; the rest is complete.
TelegramCall telegram_call(const TelegramDraft& draft);

}  // namespace nurtured::connectors
