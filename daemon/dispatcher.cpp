#include "daemon/dispatcher.h"

#include <fstream>
#include <iterator>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "daemon/attachments.h"
#include "daemon/timer_list.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

// A full inbox is asked again after this long.
constexpr std::chrono::milliseconds inbox_retry{50};
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

// A map, also where nothing was given back: what is missing of it is null, as in any other.
cel::Value output_of(const connectors::Delivered& delivered) {
  if (delivered.output.empty()) return cel::Map{};
  auto output = cel::from_json(delivered.output, {.tolerant = true});
  return output ? *std::move(output) : cel::Value(cel::Map{});
}

}  // namespace

rules::Outcome to_outcome(const std::string& key, const connectors::Outcome& outcome,
                          bool honours_key) {
  rules::Outcome result{.delivery = key};
  if (const auto* delivered = std::get_if<connectors::Delivered>(&outcome)) {
    result.output = output_of(*delivered);
  } else if (const auto* deferred = std::get_if<connectors::Deferred>(&outcome)) {
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
      timers_(std::make_unique<TimerList>(io)),
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
        touched.insert(line_of(notice.delivery));
      }
      handle(notice);
    }
    for (const auto& name : touched) pump(name);
    check_drained();
  });
}

std::string Dispatcher::line_of(const rules::Delivery& delivery) const {
  return delivery.is_call() ? delivery.connector : line_of(delivery.to.channel);
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
      const auto line = lines_.find(line_of(notice.delivery));
      if (line == lines_.end()) {
        answer(notice.delivery.contact,
               {.delivery = key,
                .kind = rules::OutcomeKind::deferred,
                .reason = notice.delivery.is_call() ? "there is no such connector"
                                                    : "the channel has no connector"});
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
      if (notice.delivery.is_call()) {
        perform(name, notice);
      } else {
        send(name, notice);
      }
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
  connector->send(std::move(message), when_done(name, notice.delivery, connector));
}

// The connector lives until it has answered.
connectors::Done Dispatcher::when_done(const std::string& name, const rules::Delivery& delivery,
                                       const std::shared_ptr<connectors::Connector>& connector) {
  return [this, alive = alive_, connector, name, key = delivery.key,
          contact = delivery.contact](const connectors::Outcome& outcome) {
    if (*alive) finished(name, key, contact, outcome);
  };
}

void Dispatcher::perform(const std::string& name, const DeliveryNotice& notice) {
  const rules::Delivery& delivery = notice.delivery;
  const auto line = lines_.find(name);
  if (line == lines_.end()) {
    answer(delivery.contact, {.delivery = delivery.key, .kind = rules::OutcomeKind::unsent});
    return;
  }
  const auto connector = line->second.connector;
  const auto* action = connector->descriptor().find_action(delivery.action);
  connectors::Actor* const actor = connector->actor();
  const auto fits = action == nullptr || actor == nullptr
                        ? base::fail("it has no such action")
                        : connectors::check_arguments(*action, delivery.text);
  if (!fits) {
    answer(delivery.contact, {.delivery = delivery.key,
                              .kind = rules::OutcomeKind::refused_message,
                              .reason = fits.error().message});
    give_place(name);
    pump(name);
    return;
  }
  ++sending_;
  actor->perform({.delivery_key = delivery.key,
                  .contact = notice.contact,
                  .playbook = delivery.playbook,
                  .step = delivery.step,
                  .action = delivery.action,
                  .arguments = delivery.text,
                  .sent_at = delivery.at},
                 when_done(name, delivery, connector));
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
