// How what people do in a bot's chats comes in: by getUpdates, again and again, or by a webhook
// that this tells Telegram of. Telegram keeps an update until it is confirmed (Bot API, getUpdates:
// "an update is considered confirmed as soon as getUpdates is called with an offset higher than its
// update_id"), so nothing is remembered here: what was not kept by the intake is not confirmed and
// comes again, to a new start of the daemon as well.
#pragma once

#include <chrono>
#include <memory>

#include "connectors/inbox.h"
#include "connectors/registry.h"
#include "connectors/telegram.h"
#include "connectors/telegram_api.h"

namespace nurtured::connectors {

// On the thread of the environment's io_context, which outlives it as `api` does. What fails is
// tried again after pauses that double from TelegramPauses::first to `most`; what people must mend,
// after `most` at once. The intake's state is told of it once.
class TelegramPoller {
 public:
  // Begins at once. `options.updates` is not `none`.
  TelegramPoller(TelegramApi& api, const TelegramOptions& options, const Environment& environment,
                 Intake intake);
  // Breaks off what is under way. Updates that the intake has not told of come again.
  ~TelegramPoller();
  TelegramPoller(const TelegramPoller&) = delete;
  TelegramPoller& operator=(const TelegramPoller&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nurtured::connectors
