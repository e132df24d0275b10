#include "connectors/telegram.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "connectors/http_outcome.h"
#include "connectors/outcome_post.h"
#include "connectors/telegram_answer.h"
#include "connectors/telegram_api.h"
#include "connectors/telegram_files.h"
#include "connectors/telegram_message.h"
#include "connectors/telegram_poller.h"

namespace nurtured::connectors {
namespace {

// An upload gets a second more for each so many bytes.
constexpr std::size_t upload_bytes_a_second = std::size_t{128} << 10;

// A message on its way, part after part.
struct Sending {
  OutboundMessage message;
  Done done;
  std::string chat;
  std::vector<TelegramPart> parts = {};
  std::size_t left = 0;  // parts that have left; the next one is on its way
  Delivered delivered = {};
  std::vector<std::string> keys = {};   // of the files of the part that is on its way
  std::vector<std::string> known = {};  // the ids it was sent with; empty: uploaded

  bool uploads = false;  // whatever is known

  TelegramPart& part() { return parts[left]; }
  bool used_ids() const {
    return std::ranges::any_of(known, [](const std::string& id) { return !id.empty(); });
  }
};

// Telegram's words for a picture whose sides, or whose bytes, it does not take as one.
bool refuses_picture(const Rejected& rejected) {
  return rejected.reason.find("PHOTO_") != std::string::npos ||
         rejected.reason.find("IMAGE_PROCESS_FAILED") != std::string::npos;
}

class TelegramConnector final : public Connector {
 public:
  TelegramConnector(TelegramOptions options, const Environment& environment)
      : options_(std::move(options)),
        environment_(environment),
        post_(environment.io),
        api_(environment.client, options_.api, options_.token, options_.allow_private) {}

  const Descriptor& descriptor() const override { return telegram_descriptor(); }
  Limits limits() const override { return options_.limits; }

  void listen(const Intake& intake) override {
    if (options_.updates == TelegramUpdateMode::none) return;
    poller_.emplace(api_, options_, environment_, intake);
  }

  void stop_listening() override { poller_.reset(); }

  void send(OutboundMessage message, Done done) override {
    if (!is_telegram_chat(message.to)) {
      return post_.tell(std::move(done), Rejected{"this is no chat id", {}, Blame::address});
    }
    auto parts = telegram_parts(message);
    if (!parts) {
      return post_.tell(std::move(done), Rejected{parts.error().message, {}, Blame::content});
    }
    std::string chat = message.to;
    auto sending =
        std::make_shared<Sending>(Sending{std::move(message), std::move(done), std::move(chat)});
    sending->parts = *std::move(parts);
    send_part(sending);
  }

 private:
  using Shared = std::shared_ptr<Sending>;

  void send_part(const Shared& sending) {
    const TelegramPart& part = sending->part();
    sending->keys.clear();
    sending->known.clear();
    for (const std::size_t file : part.files) {
      sending->keys.push_back(TelegramFiles::key(sending->message.attachments[file], part.sort));
      sending->known.push_back(sending->uploads ? "" : files_.find(sending->keys.back()));
    }
    TelegramCall call = telegram_call({.message = sending->message,
                                       .part = part,
                                       .chat = sending->chat,
                                       .known = sending->known,
                                       .link_preview = options_.link_preview});
    call.total_time_max =
        options_.total_time_max + std::chrono::seconds(call.body.size() / upload_bytes_a_second);
    api_.call(std::move(call),
              [this, sending](const http::HttpResult& result) { answered(sending, result); });
  }

  void answered(const Shared& sending, const http::HttpResult& result) {
    const base::Instant now = environment_.clock.now();
    const auto answer = result ? read_telegram_answer(*result, now) : std::nullopt;
    // Once: the chat's new id is told with the outcome, and used from then on.
    if (answer && answer->code == 400 && answer->migrate_to && !sending->delivered.new_address) {
      sending->chat = std::to_string(*answer->migrate_to);
      sending->delivered.new_address = sending->chat;
      return send_part(sending);
    }
    Outcome outcome = result
                          ? classify_telegram(*result, now)
                          : outcome_of_failure(result.error(), telegram_descriptor().honours_key);
    if (const auto* delivered = std::get_if<Delivered>(&outcome)) {
      remember_files(*sending, answer->files);
      if (sending->left == 0) sending->delivered.provider_id = delivered->provider_id;
      sending->uploads = false;
      if (++sending->left < sending->parts.size()) return send_part(sending);
      return sending->done(std::move(sending->delivered));
    }
    if (const auto* rejected = std::get_if<Rejected>(&outcome);
        rejected && mend(*sending, *rejected)) {
      return send_part(sending);
    }
    sending->done(sending->left == 0 ? std::move(outcome) : half_sent(*sending, outcome));
  }

  // Telegram gives the files back in the order in which they went.
  void remember_files(const Sending& sending, const std::vector<std::string>& ids) {
    if (ids.size() != sending.keys.size()) return;
    for (std::size_t i = 0; i < ids.size(); ++i) files_.remember(sending.keys[i], ids[i]);
  }

  // True where the part is worth another try: an id that Telegram no longer takes gives way to an
  // upload, a picture that it does not show to a file. Either happens once.
  bool mend(Sending& sending, const Rejected& rejected) {
    if (rejected.code != "400" || rejected.blame != Blame::content) return false;
    if (sending.used_ids()) {
      for (const std::string& key : sending.keys) files_.forget(key);
      sending.uploads = true;
      return true;
    }
    if (sending.part().sort != TelegramSort::photo || !refuses_picture(rejected)) return false;
    sending.part().sort = TelegramSort::document;
    return true;
  }

  // Another try would send again what has left.
  static Outcome half_sent(const Sending& sending, const Outcome& outcome) {
    const std::string what = sending.parts.front().sort == TelegramSort::text
                                 ? "the text left, its files did not: "
                                 : "some of the files left, the others did not: ";
    return Uncertain{to_reason(what + to_string(outcome))};
  }

  TelegramOptions options_;
  Environment environment_;
  OutcomePost post_;
  TelegramFiles files_;
  TelegramApi api_;
  std::optional<TelegramPoller> poller_;
};

}  // namespace

std::unique_ptr<Connector> make_telegram(TelegramOptions options, const Environment& environment) {
  return std::make_unique<TelegramConnector>(std::move(options), environment);
}

}  // namespace nurtured::connectors
