// Whatever is posted as an update of Telegram's, or answered to getUpdates. What it gives keeps its
// limits and can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "connectors/telegram_updates.h"
#include "http/url.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

constexpr std::int64_t bot = 123456;

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_text(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && base::is_utf8(text) &&
         text.find('\0') == std::string_view::npos;
}

void judge(const TelegramUpdate& update) {
  must(update.id >= 0);
  if (!update.told) return;
  const ChatUpdate& told = *update.told;
  must(update.fault.empty());
  must(told.id == std::to_string(update.id));
  must(!told.sender.empty());
  must(told.is_group || !told.chat.empty());
  must(is_text(told.text, chat_text_bytes_max));
  must(is_text(told.first_name, telegram_name_bytes_max));
  must(is_text(told.last_name, telegram_name_bytes_max));
  must(told.data.size() <= telegram_data_bytes_max);
  must(told.payload.size() <= chat_payload_bytes_max);
  must(told.answered_links.size() <= telegram_links_max);
  for (const auto& link : told.answered_links) must(link.size() <= http::url_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto update = read_telegram_update(bytes, bot)) judge(*update);
  if (const auto read = read_telegram_updates(bytes, bot)) {
    for (const auto& update : read->updates) {
      judge(update);
      must(update.id < read->next);
    }
  }
  return 0;
}
