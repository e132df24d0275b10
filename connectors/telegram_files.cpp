#include "connectors/telegram_files.h"

#include <algorithm>

#include "base/digest.h"

namespace nurtured::connectors {

std::string TelegramFiles::key(const Attachment& file, TelegramSort sort) {
  const std::string head = std::to_string(static_cast<int>(sort)) + " " + file.name;
  const base::Sha256 bytes = base::sha256(file.bytes);
  return std::string(base::view(base::hmac_sha256(head, base::view(bytes))));
}

std::string TelegramFiles::find(const std::string& key) const {
  const auto found = ids_.find(key);
  return found == ids_.end() ? std::string() : found->second;
}

void TelegramFiles::remember(const std::string& key, std::string_view id) {
  if (id.empty() || id.size() > telegram_file_id_bytes_max) return;
  if (!ids_.insert_or_assign(key, std::string(id)).second) return;
  keys_.push_back(key);
  if (keys_.size() <= telegram_files_max) return;
  ids_.erase(keys_.front());
  keys_.pop_front();
}

void TelegramFiles::forget(const std::string& key) {
  if (ids_.erase(key) == 0) return;
  keys_.erase(std::ranges::find(keys_, key));
}

}  // namespace nurtured::connectors
