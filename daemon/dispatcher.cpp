#include "daemon/dispatcher.h"

#include <fstream>
#include <iterator>
#include <list>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "daemon/attachments.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

// A full inbox is asked again after this long.
constexpr std::chrono::milliseconds inbox_retry{50};
constexpr int tell_attempts_max = 5;
constexpr std::chrono::seconds tell_retry{30};
// An ambiguous send to a receiver that knows our key is repeated this soon.
constexpr base::Milliseconds repeat_after = std::chrono::seconds{5};

rules::OutcomeKind kind_of(connectors::Blame blame) {
  switch (blame) {
    case connectors::Blame::address:
      return rules::OutcomeKind::refused_address;
    case connectors::Blame::mailbox:
      return rules::OutcomeKind::refused_mailbox;
    case connectors::Blame::content:
    case connectors::Blame::policy:
      return rules::OutcomeKind::refused_message;
    // Nobody's message is at fault: it waits until the connector works again.
    case connectors::Blame::configuration:
      return rules::OutcomeKind::deferred;
  }
  return rules::OutcomeKind::refused_message;
}

}  // namespace

// Timers that a destroyed dispatcher takes with it.
class Dispatcher::Timers {
 public:
  explicit Timers(asio::io_context& io) : io_(io) {}

  void after(std::chrono::milliseconds delay, std::function<void()> job) {
    timers_.emplace_back(io_);
    const auto timer = std::prev(timers_.end());
    timer->expires_after(delay);
    timer->async_wait([this, timer, job = std::move(job)](const boost::system::error_code& error) {
      if (error) return;
      timers_.erase(timer);
      job();
    });
  }

 private:
  asio::io_context& io_;
  std::list<asio::steady_timer> timers_;
};

rules::Outcome to_outcome(const std::string& key, const connectors::Outcome& outcome,
                          bool honours_key) {
  rules::Outcome result{.delivery = key};
  if (const auto* deferred = std::get_if<connectors::Deferred>(&outcome)) {
    result.kind = rules::OutcomeKind::deferred;
    result.retry_after = deferred->retry_after;
    result.reason = deferred->reason;
  } else if (const auto* rejected = std::get_if<connectors::Rejected>(&outcome)) {
    result.kind = kind_of(rejected->blame);
    result.reason =
        rejected->code.empty() ? rejected->reason : rejected->code + " " + rejected->reason;
  } else if (const auto* uncertain = std::get_if<connectors::Uncertain>(&outcome)) {
    result.kind = honours_key ? rules::OutcomeKind::deferred : rules::OutcomeKind::uncertain;
    if (honours_key) result.retry_after = repeat_after;
    result.reason = uncertain->reason;
  }
  return result;
}

Dispatcher::Dispatcher(asio::io_context& io, Inbox& inbox, const base::Clock& clock,
                       DispatcherHooks hooks)
    : io_(io),
      inbox_(inbox),
      clock_(clock),
      hooks_(std::move(hooks)),
      timers_(std::make_unique<Timers>(io)),
      alive_(std::make_shared<bool>(true)) {}

Dispatcher::~Dispatcher() {
  *alive_ = false;
}

void Dispatcher::configure(std::shared_ptr<const config::Config> config, Connectors connectors) {
  config_ = std::move(config);
  auto former = std::exchange(lines_, {});
  for (auto& [name, line] : former) line.connector->stop_listening();
  for (auto& [name, connector] : connectors) {
    const connectors::Limits limits = connector->limits();
    Line line{.connector = std::move(connector), .outlet = Outlet(limits, clock_.now())};
    const auto old = former.find(name);
    if (old != former.end()) {
      line.waiting = std::move(old->second.waiting);
      line.told = old->second.told;
    }
    line.waiting.use(line.connector->descriptor().per_destination);
    lines_.emplace(name, std::move(line));
  }
  // What waited for a connector that is gone goes back to the engine, which finds another way or
  // holds it.
  for (auto& [name, line] : former) {
    if (lines_.contains(name)) continue;
    waiting_ -= line.waiting.size();
    for (const WaitingDelivery& delivery : line.waiting.clear()) {
      answer(delivery.contact, {.delivery = delivery.key, .kind = rules::OutcomeKind::unsent});
    }
  }
  std::vector<std::string> names;
  names.reserve(lines_.size());
  for (const auto& [name, line] : lines_) names.push_back(name);
  for (const auto& name : names) pump(name);
}

void Dispatcher::take(std::vector<DeliveryNotice> notices) {
  asio::post(io_, [this, alive = alive_, notices = std::move(notices)] {
    if (!*alive) return;
    std::set<std::string> touched;
    for (const auto& notice : notices) {
      if (notice.delivery.change == rules::DeliveryChange::ready) {
        touched.insert(line_of(notice.delivery.to.channel));
      }
      handle(notice);
    }
    for (const auto& name : touched) pump(name);
    check_drained();
  });
}

std::string Dispatcher::line_of(const std::string& channel) const {
  const auto& channels = config_->book->settings().channels;
  const auto found = channels.find(channel);
  return found == channels.end() ? std::string() : found->second.connector;
}

void Dispatcher::handle(const DeliveryNotice& notice) {
  const std::string key = notice.delivery.key;
  switch (notice.delivery.change) {
    case rules::DeliveryChange::ready: {
      const auto line = lines_.find(line_of(notice.delivery.to.channel));
      if (line == lines_.end()) {
        answer(notice.delivery.contact, {.delivery = key,
                                         .kind = rules::OutcomeKind::deferred,
                                         .reason = "the channel has no connector"});
        return;
      }
      const bool is_new = line->second.waiting.add(
          {.key = key, .contact = notice.delivery.contact, .to = notice.delivery.to.value});
      if (is_new) ++waiting_;
      return;
    }
    case rules::DeliveryChange::committing: {
      const auto claimed = claimed_.find(key);
      if (claimed == claimed_.end()) return;
      const std::string name = std::move(claimed->second.line);
      claimed_.erase(claimed);
      send(name, notice);
      return;
    }
    case rules::DeliveryChange::returned: {
      const auto claimed = claimed_.find(key);
      if (claimed == claimed_.end()) return;
      const Claimed claim = std::move(claimed->second);
      claimed_.erase(claimed);
      give_place(claim.line);
      const auto line = lines_.find(claim.line);
      if (line != lines_.end()) line->second.waiting.give_back(claim.to, claim.at);
      return;
    }
    case rules::DeliveryChange::departed:
    case rules::DeliveryChange::uncertain:
    case rules::DeliveryChange::refused:
      return;
  }
}

void Dispatcher::pump(const std::string& name) {
  const auto found = lines_.find(name);
  if (found == lines_.end() || draining_) return;
  Line& line = found->second;
  const Instant now = clock_.now();
  std::vector<EngineInput> claims;
  while (const WaitingDelivery* const next = line.waiting.front(now)) {
    const bool is_claimed = claimed_.contains(next->key);
    if (!is_claimed && !line.outlet.take(now)) break;
    WaitingDelivery delivery = line.waiting.pop(now);
    --waiting_;
    if (is_claimed) {
      line.waiting.give_back(delivery.to, now);
      continue;
    }
    claims.emplace_back(ContactInput{delivery.contact, rules::Claim{delivery.key}});
    claimed_.emplace(std::move(delivery.key), Claimed{name, std::move(delivery.to), now});
  }
  if (!claims.empty()) submit(std::move(claims));
  look_again(name, line);
}

// When a token, the end of a rest or an address is waited for. An earlier moment than the one that
// is set gets a timer of its own; the later look then finds nothing to do.
void Dispatcher::look_again(const std::string& name, Line& line) {
  const Instant now = clock_.now();
  if (line.waiting.empty()) return;
  const auto next =
      line.waiting.front(now) != nullptr ? line.outlet.next(now) : line.waiting.next();
  if (!next || (line.timer_at && *line.timer_at <= *next)) return;
  line.timer_at = *next;
  timers_->after(std::max(*next - now, base::Milliseconds{1}), [this, name, at = *next] {
    const auto again = lines_.find(name);
    if (again == lines_.end()) return;
    if (again->second.timer_at == at) again->second.timer_at.reset();
    pump(name);
  });
}

// What one turn of the loop brings goes to the engine together: an outcome and the next claim share
// a commit.
void Dispatcher::submit(std::vector<EngineInput> inputs) {
  if (outgoing_.empty()) {
    asio::post(io_, [this, alive = alive_] {
      if (!*alive) return;
      give(std::make_shared<const std::vector<EngineInput>>(std::exchange(outgoing_, {})));
      check_drained();
    });
  }
  outgoing_.insert(outgoing_.end(), std::make_move_iterator(inputs.begin()),
                   std::make_move_iterator(inputs.end()));
}

// A full inbox or disk is not a reason to lose an outcome: it is given again until it is taken.
void Dispatcher::give(const std::shared_ptr<const std::vector<EngineInput>>& kept) {
  const bool taken = inbox_.submit(
      *kept, [this, alive = alive_, kept](const base::Result<void>& done, http::ReplyBatch&) {
        // The store had no room: nothing was kept, and the same is true a little later.
        if (done) return;
        asio::post(io_, [this, alive, kept] {
          if (*alive) timers_->after(inbox_retry * 10, [this, kept] { give(kept); });
        });
      });
  if (!taken) timers_->after(inbox_retry, [this, kept] { give(kept); });
}

void Dispatcher::answer(rules::ContactId contact, rules::Outcome outcome) {
  std::vector<EngineInput> inputs;
  inputs.emplace_back(ContactInput{contact, std::move(outcome)});
  submit(std::move(inputs));
}

void Dispatcher::send(const std::string& name, const DeliveryNotice& notice) {
  const std::string key = notice.delivery.key;
  const rules::ContactId contact = notice.delivery.contact;
  const auto line = lines_.find(name);
  if (line == lines_.end()) {
    answer(contact, {.delivery = key, .kind = rules::OutcomeKind::unsent});
    return;
  }
  const MessageLinks links = hooks_.links(notice);
  if (hooks_.rendering) hooks_.rendering(key);
  auto rendered = render(*config_, notice, links, notice.delivery.at);
  std::vector<connectors::Attachment> attachments;
  if (rendered) {
    auto read = read_attachments(config_->root, rendered->attachments);
    if (read) {
      attachments = *std::move(read);
    } else {
      rendered = base::fail(read.error());
    }
  }
  if (hooks_.rendering) hooks_.rendering("");
  if (!rendered) {
    answer(contact, {.delivery = key,
                     .kind = rules::OutcomeKind::failed,
                     .reason = base::to_string(rendered.error())});
    give_place(name);
    pump(name);
    return;
  }
  connectors::OutboundMessage message{.delivery_key = key,
                                      .message_id = hooks_.message_id(key),
                                      .contact = notice.contact,
                                      .channel = notice.delivery.to.channel,
                                      .to = notice.delivery.to.value,
                                      .kind = notice.delivery.kind,
                                      .message = notice.delivery.message,
                                      .playbook = notice.delivery.playbook,
                                      .rendered = *std::move(rendered),
                                      .attachments = std::move(attachments),
                                      .unsubscribe_url = links.unsubscribe_url,
                                      .one_click = rules::is_marketing(notice.delivery.kind),
                                      .sent_at = notice.delivery.at};
  ++sending_;
  const auto connector = line->second.connector;
  connector->send(std::move(message), [this, alive = alive_, connector, name, key,
                                       contact](const connectors::Outcome& outcome) {
    if (*alive) finished(name, key, contact, outcome);
  });
}

void Dispatcher::finished(const std::string& name, const std::string& key, rules::ContactId contact,
                          const connectors::Outcome& outcome) {
  --sending_;
  if (hooks_.count) hooks_.count(name, outcome);
  const auto line = lines_.find(name);
  const bool honours_key = line != lines_.end() && line->second.connector->descriptor().honours_key;
  answer(contact, to_outcome(key, outcome, honours_key));
  give_place(name);
  if (line != lines_.end()) judge_connector(name, line->second, outcome);
  pump(name);
  check_drained();
}

void Dispatcher::judge_connector(const std::string& name, Line& line,
                                 const connectors::Outcome& outcome) {
  if (const auto* rejected = std::get_if<connectors::Rejected>(&outcome);
      rejected != nullptr && rejected->blame == connectors::Blame::configuration) {
    line.outlet.stop();
    tell_state({name, ConnectorState::stopped, rejected->code + " " + rejected->reason}, line);
    return;
  }
  if (const auto* deferred = std::get_if<connectors::Deferred>(&outcome);
      deferred != nullptr && deferred->scope == connectors::Scope::connector) {
    line.outlet.failed(clock_.now(), deferred->retry_after);
    if (line.outlet.resting(clock_.now())) {
      tell_state({name, ConnectorState::rests, deferred->reason}, line);
    }
    return;
  }
  line.outlet.succeeded();
  tell_state({name, ConnectorState::works}, line);
}

// Once for each outage, however often it is tried in between. What was on its way when a connector
// stopped says nothing about it.
void Dispatcher::tell_state(const ConnectorAlarm& alarm, Line& line) {
  if (line.outlet.stopped() && alarm.state != ConnectorState::stopped) return;
  if (std::exchange(line.told, alarm.state) != alarm.state && hooks_.alarm) hooks_.alarm(alarm);
}

void Dispatcher::give_place(const std::string& name) {
  const auto line = lines_.find(name);
  if (line != lines_.end() && line->second.outlet.in_use() > 0) line->second.outlet.give_back();
}

void Dispatcher::release(const std::string& connector) {
  std::vector<std::string> released;
  for (auto& [name, line] : lines_) {
    if (!line.outlet.stopped() || (connector != "all" && connector != name)) continue;
    line.outlet = Outlet(line.connector->limits(), clock_.now());
    line.told = ConnectorState::works;  // should it stop again, that is news
    released.push_back(name);
  }
  for (const auto& name : released) pump(name);
}

void Dispatcher::tell(std::vector<rules::Notification> notifications) {
  asio::post(io_, [this, alive = alive_, notifications = std::move(notifications)] {
    if (!*alive) return;
    for (const auto& notification : notifications) tell_one(notification, {});
  });
}

void Dispatcher::tell_kept(std::vector<rules::Notification> notifications) {
  asio::post(io_, [this, alive = alive_, notifications = std::move(notifications)] {
    if (!*alive) return;
    kept_.insert(kept_.end(), notifications.begin(), notifications.end());
    if (!telling_kept_) tell_next_kept();
  });
}

void Dispatcher::tell_next_kept() {
  telling_kept_ = !kept_.empty() && !draining_;
  if (!telling_kept_) return;
  // Who writes a lot fills no group: what is told last shows the talk before it.
  const auto& front = kept_.front();
  const bool is_overtaken =
      front.contact && std::any_of(kept_.begin() + 1, kept_.end(), [&](const auto& later) {
        return later.contact == front.contact;
      });
  const auto next = [this] {
    const Instant at = kept_.front().at;
    kept_.pop_front();
    // Of several of one moment the last speaks for all.
    if (hooks_.told && (kept_.empty() || kept_.front().at > at)) hooks_.told(at);
    asio::post(io_, [this, alive = alive_] {
      if (*alive) tell_next_kept();
    });
  };
  if (is_overtaken) return next();
  tell_one(front, next);
}

// `finished` is called once there is nothing more to try, unless the daemon ends first.
void Dispatcher::tell_one(const rules::Notification& notification, std::function<void()> finished) {
  // What a contact wrote is no matter for a log.
  if (notification.contact) {
    spdlog::info("notify {} {}: of contact {}", notification.playbook, notification.step,
                 notification.contact.value);
  } else {
    spdlog::info("notify {} {}: {}", notification.playbook, notification.step,
                 connectors::to_reason(notification.text));
  }
  const auto list = hooks_.tellings ? hooks_.tellings(notification) : std::vector<Telling>();
  if (list.empty()) {
    if (finished) finished();
    return;
  }
  // Told when the last of them is.
  struct Rest {
    std::size_t count = 0;
    bool put_off = false;
    std::function<void()> finished;
  };
  const auto rest = std::make_shared<Rest>(Rest{list.size(), false, std::move(finished)});
  for (const Telling& telling : list) {
    tell_to(notification, telling, 1, [this, rest](bool put_off) {
      rest->put_off = rest->put_off || put_off;
      if (--rest->count > 0) return;
      // What a shutdown put off is told after the next start.
      if (rest->finished && !(rest->put_off && draining_)) rest->finished();
    });
  }
}

void Dispatcher::tell_to(const rules::Notification& notification, const Telling& telling,
                         int attempt, const std::function<void(bool put_off)>& finished) {
  const auto line = lines_.find(line_of(telling.channel));
  if (line == lines_.end()) return finished(false);
  const std::string key = telling_key(notification);
  connectors::OutboundMessage message{.delivery_key = key,
                                      .message_id = hooks_.message_id(key),
                                      .contact = "operator",
                                      .channel = telling.channel,
                                      .to = telling.to,
                                      .kind = rules::Kind::receipt,
                                      .message = "notify",
                                      .playbook = notification.playbook,
                                      .rendered = telling.rendered,
                                      .sent_at = notification.at};
  ++telling_;
  const auto connector = line->second.connector;
  connector->send(std::move(message), [this, alive = alive_, connector, notification, telling,
                                       attempt, finished](const connectors::Outcome& outcome) {
    if (!*alive) return;
    --telling_;
    const bool put_off = std::holds_alternative<connectors::Deferred>(outcome);
    if (put_off && attempt < tell_attempts_max && !draining_) {
      timers_->after(tell_retry * attempt, [this, notification, telling, attempt, finished] {
        tell_to(notification, telling, attempt + 1, finished);
      });
    } else {
      if (!std::holds_alternative<connectors::Delivered>(outcome)) {
        spdlog::error("the humans could not be told: {}", connectors::to_string(outcome));
      }
      finished(put_off);
    }
    check_drained();
  });
}

void Dispatcher::drain(std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  check_drained();
}

void Dispatcher::check_drained() {
  if (!draining_ || !drained_ || sending_ > 0 || telling_ > 0 || !claimed_.empty() ||
      !outgoing_.empty()) {
    return;
  }
  std::exchange(drained_, nullptr)();
}

}  // namespace nurtured::daemon
