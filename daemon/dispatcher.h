// Takes deliveries from the outbox to their connectors (DESIGN section 6): waits for a place and a
// token, asks the engine to judge the gates for the last time and to mark the delivery
// `committing`, renders it, hands it to the connector, and brings the outcome back. It decides
// nothing about contacts.
//
// The mark is on disk before the connector gets the message, hence before the last byte that makes
// a provider act. All of it runs on the thread of the io_context, but for `take`, which any thread
// may call.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/instant.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "daemon/engine.h"
#include "daemon/humans.h"
#include "daemon/inbox.h"
#include "daemon/outlet.h"
#include "daemon/rendering.h"
#include "daemon/waiting_line.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::daemon {

class TimerList;

// `rests` ends by itself, `stopped` by release() or a reload.
enum class ConnectorState { works, rests, stopped };

// What the humans are told when a connector's state changes.
struct ConnectorAlarm {
  std::string connector;
  ConnectorState state = ConnectorState::works;
  std::string reason = {};  // why it does not work
};

// What a message needs beside its text; made by the app, which has the keys.
struct DispatcherHooks {
  // The links of a delivery: unsubscribe and so on.
  std::function<MessageLinks(const DeliveryNotice&)> links;
  // An opaque token from the delivery's key, the same at every attempt: the Message-ID's local
  // part.
  std::function<std::string(const std::string& key)> message_id;
  std::function<void(const ConnectorAlarm&)> alarm;
  // How the humans are told: nothing where nobody is to be.
  std::function<std::vector<Telling>(const rules::Notification&)> tellings;
  // The kept notifications up to this moment have been told, or given up.
  std::function<void(Instant)> told;
  // Around a rendering: the delivery's key before, "" once it is over and nothing has been handed
  // to the connector yet. May be empty.
  std::function<void(std::string_view key)> rendering = {};
  // For metrics: the connector's name and how a message ended.
  std::function<void(const std::string& connector, const connectors::Outcome&)> count;
};

class Dispatcher {
 public:
  using Connectors = std::map<std::string, std::unique_ptr<connectors::Connector>, std::less<>>;

  // All references outlive it.
  Dispatcher(boost::asio::io_context& io, Inbox& inbox, const base::Clock& clock,
             DispatcherHooks hooks);
  ~Dispatcher();

  // At start and after a reload. Messages that are with a former connector finish there.
  void configure(std::shared_ptr<const config::Config> config, Connectors connectors);
  // The deliveries of a batch that is on disk, and those that a start found waiting. Any thread.
  void take(std::vector<DeliveryNotice> notices);
  // Tells the humans, where nurtured.yaml says they are. Any thread.
  void tell(std::vector<rules::Notification> notifications);
  // Likewise what `notify` steps say and the store keeps: one after the other, and `told` says how
  // far it came, so that a start goes on there. Any thread.
  void tell_kept(std::vector<rules::Notification> notifications);
  // Claims nothing more, and calls `done` when the last message on its way has its outcome. Once.
  void drain(std::function<void()> done);
  // A connector that had stopped is used again, "all" means each: after `resume`.
  void release(const std::string& connector);

  // Messages that wait for a place or a token. Any thread.
  std::size_t waiting() const { return waiting_; }

 private:
  struct Line {  // one connector and what waits for it
    std::shared_ptr<connectors::Connector> connector;
    Outlet outlet;
    WaitingLine waiting;
    std::optional<Instant> timer_at = {};         // when it is looked at again
    ConnectorState told = ConnectorState::works;  // what the humans know of it
  };
  // A delivery that the engine is asked about.
  struct Claimed {
    std::string line;
    std::string to;
    Instant at;
  };

  void handle(const DeliveryNotice& notice);
  void pump(const std::string& name);
  void look_again(const std::string& name, Line& line);
  void send(const std::string& name, const DeliveryNotice& notice);
  void perform(const std::string& name, const DeliveryNotice& notice);
  connectors::Done when_done(const std::string& name, const rules::Delivery& delivery,
                             const std::shared_ptr<connectors::Connector>& connector);
  void finished(const std::string& name, const std::string& key, rules::ContactId contact,
                const connectors::Outcome& outcome);
  void submit(std::vector<EngineInput> inputs);
  void give(const std::shared_ptr<const std::vector<EngineInput>>& kept);
  void answer(rules::ContactId contact, rules::Outcome outcome);
  void judge_connector(const std::string& name, Line& line, const connectors::Outcome& outcome);
  void tell_state(const ConnectorAlarm& alarm, Line& line);
  std::string line_of(const std::string& channel) const;
  std::string line_of(const rules::Delivery& delivery) const;
  void give_place(const std::string& name);
  void check_drained();
  // `finished` may be empty.
  void tell_one(const rules::Notification& notification, std::function<void()> finished);
  void tell_to(const rules::Notification& notification, const Telling& telling, int attempt,
               const std::function<void(bool put_off)>& finished);
  void tell_next_kept();

  boost::asio::io_context& io_;
  Inbox& inbox_;
  const base::Clock& clock_;
  DispatcherHooks hooks_;
  std::shared_ptr<const config::Config> config_;
  std::map<std::string, Line, std::less<>> lines_;
  std::unordered_map<std::string, Claimed> claimed_;  // by delivery key, until the engine answers
  std::vector<EngineInput> outgoing_;                 // of this turn of the loop
  std::atomic<std::size_t> waiting_ = 0;
  std::size_t sending_ = 0;
  std::size_t telling_ = 0;
  std::deque<rules::Notification> kept_;  // to be told, the one under way in front
  bool telling_kept_ = false;
  bool draining_ = false;
  std::function<void()> drained_;
  std::unique_ptr<TimerList> timers_;
  std::shared_ptr<bool> alive_;  // false once destroyed: callbacks that come late do nothing
};

// What the engine is told of a connector's answer.
rules::Outcome to_outcome(const std::string& key, const connectors::Outcome& outcome,
                          bool honours_key);

}  // namespace nurtured::daemon
