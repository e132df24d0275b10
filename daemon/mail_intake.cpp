#include "daemon/mail_intake.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/mail_feedback.h"

namespace nurtured::daemon {
namespace {

// Of the engine, to take what a mail means. A mailbox that waits in vain is looked at again.
constexpr std::chrono::seconds engine_time_max{10};

connectors::MailTaken take_mail(const MailIntakeContext& context, std::string_view bytes) {
  auto inputs = inputs_of_mail(context.store_key, bytes);
  if (!inputs) return connectors::MailTaken::not_ours;
  if (inputs->empty()) return connectors::MailTaken::handled;
  // Shared, because the engine may answer after the wait here has ended; the mail is then given
  // again, and known by its messageId.
  const auto told = std::make_shared<std::promise<bool>>();
  auto answer = told->get_future();
  const bool is_queued = context.engine.submit(
      *std::move(inputs), [told](const base::Result<void>& done, http::ReplyBatch& /*replies*/) {
        told->set_value(done.has_value());
      });
  const bool is_kept =
      is_queued && answer.wait_for(engine_time_max) == std::future_status::ready && answer.get();
  return is_kept ? connectors::MailTaken::handled : connectors::MailTaken::later;
}

base::Result<std::string> read_place(const MailIntakeContext& context, const std::string& key) {
  const auto told = std::make_shared<std::promise<base::Result<std::string>>>();
  auto answer = told->get_future();
  context.engine.post([key, told](Engine&, store::Store& store) {
    auto kept = store.meta(key);
    told->set_value(kept ? base::Result<std::string>(kept->value_or(""))
                         : base::Result<std::string>(base::fail(kept.error())));
  });
  if (answer.wait_for(engine_time_max) == std::future_status::ready) return answer.get();
  return base::fail(base::ErrorKind::unavailable, "the engine did not answer in time");
}

void keep_place(const MailIntakeContext& context, const std::string& key,
                const std::string& place) {
  context.engine.post([key, place, &clock = context.clock](Engine&, store::Store& store) {
    store::Batch batch;
    batch.now = clock.now();
    batch.meta.push_back({key, place});
    if (const auto done = store.commit(batch); !done) {
      spdlog::error("what was read of a mailbox is looked at again: {}",
                    base::to_string(done.error()));
    }
  });
}

}  // namespace

connectors::Intake make_intake(
    MailIntakeContext context, const std::string& connector,
    std::function<void(const std::optional<base::Error>& failure)> tell) {
  const std::string key = "inbox." + connector;  // stored: must never change
  connectors::Intake intake;
  intake.mail = [context](std::string_view bytes) { return take_mail(context, bytes); };
  intake.place = [context, key] { return read_place(context, key); };
  intake.keep_place = [context, key](const std::string& place) { keep_place(context, key, place); };
  intake.state = std::move(tell);
  return intake;
}

}  // namespace nurtured::daemon
