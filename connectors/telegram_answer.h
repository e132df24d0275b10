// What the Bot API answers ("Making requests", ResponseParameters): read, and judged as the outcome
// of a message. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "connectors/connector.h"
#include "http/client.h"

namespace nurtured::connectors {

struct TelegramAnswer {
  bool ok = false;
  int code = 0;  // error_code, or the HTTP status where it has none
  std::string description;
  std::optional<base::Milliseconds> retry_after;  // within 0 and retry_after_max
  std::optional<std::int64_t> migrate_to;         // the chat's new id: it has become a supergroup
  // Of what was sent: the first message's, and of each file the id under which Telegram has it now.
  std::optional<std::int64_t> message_id;
  std::vector<std::string> files;
};

// nullopt where something else answers than the Bot API.
std::optional<TelegramAnswer> read_telegram_answer(const http::HttpResponse& response,
                                                   base::Instant now);

// What the answer to sendMessage and its like means.
Outcome classify_telegram(const http::HttpResponse& response, base::Instant now);

// Why a call that sends nobody anything was refused or not answered. `denied` and `conflict` are
// for people to mend, `unavailable` passes.
base::Error telegram_fault(const http::HttpResult& result, base::Instant now);

}  // namespace nurtured::connectors
