// Which files Telegram has already, and under which ids: sending one of those again needs no upload
// (Bot API, "Sending files"). In memory alone, for one bot: an id is of no use to another.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/connector.h"
#include "connectors/telegram_message.h"

namespace nurtured::connectors {

inline constexpr std::size_t telegram_files_max = 1000;  // remembered; then the oldest is forgotten
inline constexpr std::size_t telegram_file_id_bytes_max = 256;

class TelegramFiles {
 public:
  // What knows a file again: its bytes, its name, and what it is sent as.
  static std::string key(const Attachment& file, TelegramSort sort);

  // Empty where it is not known.
  std::string find(const std::string& key) const;
  // An id that is too long is not remembered.
  void remember(const std::string& key, std::string_view id);
  void forget(const std::string& key);

 private:
  std::unordered_map<std::string, std::string> ids_;
  std::deque<std::string> keys_;  // the oldest in front
};

}  // namespace nurtured::connectors
