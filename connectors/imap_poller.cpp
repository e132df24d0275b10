#include "connectors/imap_poller.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "connectors/mime_reader.h"
#include "connectors/options.h"

namespace nurtured::connectors {
namespace {

using base::Result;
using namespace std::chrono_literals;

// After so many mails the place is kept, so that an interrupted look repeats few of them.
constexpr std::size_t mails_between_places = 100;

// How far a mailbox was read.
struct MailboxPlace {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid = 0;  // the last one that was looked at
  bool operator==(const MailboxPlace&) const = default;
};

// Stored: must never change.
std::string to_text(const MailboxPlace& place) {
  return std::to_string(place.uid_validity) + " " + std::to_string(place.uid);
}

std::optional<MailboxPlace> parse_place(std::string_view text) {
  MailboxPlace place;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, place.uid_validity);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, place.uid);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return place;
}

}  // namespace

std::optional<InboxOptions> read_inbox(config::Section section) {
  const std::size_t faults = section.problems().errors();
  InboxOptions options;
  section.require("url", "write imaps://HOST");
  options.imap.url = section.text("url").value_or("");
  if (!options.imap.url.empty() && !is_server_url(options.imap.url, {"imap://", "imaps://"})) {
    section.error("url", "this is no address of a mailbox",
                  "write imaps://HOST:PORT, without a path; the folder has a key of its own");
  }
  section.require("user", "write the mailbox's user");
  options.imap.user = section.text("user").value_or("");
  section.require("password", "write ${credential:NAME}");
  options.imap.password = section.secret("password").value_or(config::Secret());
  options.imap.folder = section.text("folder").value_or(options.imap.folder);
  const bool is_plain = std::ranges::all_of(options.imap.folder, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
  });
  if (!is_plain) {
    section.error("folder", "the folder's name holds more than ASCII",
                  "write it as the server does, in modified UTF-7 (RFC 3501, 5.1.3)");
  }
  const auto tls = section.choice("tls", {"none", "required"});
  if (tls == "none") options.imap.tls = ImapTls::none;
  if (tls == "none" && options.imap.url.starts_with("imaps:")) {
    section.error("tls", "imaps:// is TLS from the first byte", "write imap://, or leave this out");
  }
  options.imap.ca_file = section.text("ca_file").value_or("");
  options.poll = section.period("poll", {.min = 1s, .max = 24h}).value_or(options.poll);
  section.finish();
  if (section.problems().errors() != faults) return std::nullopt;
  return options;
}

class ImapPoller::Impl {
 public:
  Impl(InboxOptions options, Intake intake)
      : options_(std::move(options)), intake_(std::move(intake)), thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    woken_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::chrono::milliseconds pause = options_.poll;
    bool fails = false;
    while (!stop_) {
      const auto looked = look();
      if (stop_) return;
      if (looked.has_value() == fails) {
        intake_.state(looked ? std::nullopt : std::optional(looked.error()));
      }
      fails = !looked.has_value();
      pause = fails ? std::min(pause * 2, std::max(inbox_rest_max, options_.poll)) : options_.poll;
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, pause, [this] { return stop_.load(); });
    }
  }

  // One look at the mailbox, through all that has come.
  Result<void> look() {
    if (auto known = know_place(); !known) return known;
    auto session = ImapSession::open(options_.imap, stop_);
    if (!session) return base::fail(std::move(session.error()));
    const auto folder = session->select();
    if (!folder) return base::fail(folder.error());
    const bool goes_on = place_->uid_validity == folder->uid_validity;
    if (goes_on && folder->uid_next != 0 && folder->uid_next <= place_->uid + 1) return {};
    auto uids = goes_on ? session->after(place_->uid) : session->unread();
    if (!uids) return base::fail(std::move(uids.error()));
    if (!goes_on) *place_ = {.uid_validity = folder->uid_validity};
    auto done = take_all(*session, *uids);
    if (done && folder->uid_next > 0) place_->uid = std::max(place_->uid, folder->uid_next - 1);
    keep_place();
    return done;
  }

  Result<void> know_place() {
    if (place_) return {};
    const auto kept = intake_.place();
    if (!kept) return base::fail(kept.error());
    place_ = kept_ = parse_place(*kept).value_or(MailboxPlace{});
    return {};
  }

  void keep_place() {
    if (std::exchange(kept_, *place_) != *place_) intake_.keep_place(to_text(*place_));
  }

  Result<void> take_all(ImapSession& session, const std::vector<std::uint32_t>& uids) {
    std::size_t taken = 0;
    for (const std::uint32_t uid : uids) {
      const auto mail = session.fetch(uid, inbound_bytes_max);
      if (!mail) return base::fail(mail.error());
      switch (intake_.mail(*mail)) {
        case MailTaken::later:
          return base::fail(base::ErrorKind::unavailable, "the daemon cannot take mail now");
        case MailTaken::handled:
          if (auto marked = session.mark_read(uid); !marked) return marked;
          break;
        case MailTaken::not_ours:
          break;
      }
      place_->uid = uid;
      if (++taken % mails_between_places == 0) keep_place();
    }
    return {};
  }

  InboxOptions options_;
  Intake intake_;
  std::optional<MailboxPlace> place_;  // of the thread, as kept_
  MailboxPlace kept_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

ImapPoller::ImapPoller(InboxOptions options, Intake intake)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(intake))) {}
ImapPoller::~ImapPoller() = default;

}  // namespace nurtured::connectors
