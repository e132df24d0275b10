// The engine: takes a batch of inputs and due timers, advances each contact through its own in
// order, writes all of it in one transaction and says what is to be done next. It runs without
// threads and without Asio: the daemon (daemon/engine_thread.h), `simulate`, `test` and the unit
// tests drive the same class, each with its own clock, store and dispatcher. Not thread-safe: one
// thread owns it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/inputs.h"
#include "rules/advance.h"
#include "rules/book.h"
#include "rules/question.h"
#include "store/store.h"

namespace nurtured::daemon {

// One delivery's change, with what is needed to render it once it may leave.
struct DeliveryNotice {
  rules::Delivery delivery;
  std::string contact;  // the sender's id of the contact
  std::string locale;
  std::string timezone;
  cel::Value data;  // of `committing`: contact, event, enrollment, vars
  std::vector<rules::ShownChoice> choices = {};  // likewise: the answers that it offers
};

struct DecisionNotice {
  rules::ContactId id;
  std::string contact;  // the sender's id
  rules::Decision decision;
};

// What a batch led to. Everything in it is on disk.
struct BatchResult {
  std::vector<DeliveryNotice> deliveries;  // in order
  std::vector<DecisionNotice> decisions;
  std::vector<rules::Notification> notifications;
  std::vector<rules::Passage> passages;  // with EngineOptions::trace_steps
  std::size_t inputs = 0;
  std::size_t duplicates = 0;  // of them, repeats of a messageId
  std::size_t set_aside = 0;   // of them, repeats of what is set aside: not taken
  std::size_t wakes = 0;       // timers
  std::vector<Instant> due;    // of each of them, ascending: when it was to fire
  std::size_t events = 0;      // written to the log, built-in ones included
  bool more = false;           // more is due now than one batch takes
};

struct EngineOptions {
  std::size_t batch_wakes_max = 1000;
  bool for_rendering = true;   // fill in DeliveryNotice::data
  bool keep_decisions = true;  // give them back in BatchResult; the log has them in any case
  bool trace_steps = false;    // give back which way enrollments went
};

// Whether a batch fires timers. `one`: the first that is due, alone. `later`: more inputs of the
// same moment are to come, and events go before timers.
enum class Timers { fire, one, later };

class Engine {
 public:
  Engine(store::EngineStore& store, std::shared_ptr<const rules::Book> book,
         EngineOptions options = {});

  // Takes all of `inputs` and the timers due at `now`, up to batch_wakes_max. After an error
  // nothing of it happened (store/store.h tells which errors are fatal), and the same inputs may be
  // given again.
  base::Result<BatchResult> process(const std::vector<Arrived>& inputs, Instant now,
                                    Timers timers = Timers::fire);

  // The next moment at which process() has something to do without inputs.
  base::Result<std::optional<Instant>> next_due();

  // From the next batch on. Contacts with something held are judged again as they come up.
  void set_book(std::shared_ptr<const rules::Book> book) { book_ = std::move(book); }
  const std::shared_ptr<const rules::Book>& book() const { return book_; }
  void set_pauses(rules::Pauses pauses) { pauses_ = std::move(pauses); }
  const rules::Pauses& pauses() const { return pauses_; }

  // Inputs with this fingerprint are not taken, until one is that was set aside and is tried again
  // (daemon/set_aside.h).
  void set_aside(const store::DedupKey& fingerprint) { set_aside_.insert(fingerprint); }
  void take_back(const store::DedupKey& fingerprint) { set_aside_.erase(fingerprint); }
  std::size_t set_aside_count() const { return set_aside_.size(); }

 private:
  class BatchWork;

  bool is_set_aside(const Arrived& arrived) const;
  base::Result<BatchResult> process_taken(const std::vector<Arrived>& inputs, Instant now,
                                          Timers timers);

  store::EngineStore& store_;
  std::shared_ptr<const rules::Book> book_;
  rules::Pauses pauses_;
  EngineOptions options_;
  std::set<store::DedupKey> set_aside_;
  std::vector<rules::ContactId>
      rejudge_;  // asked for by a former batch, of contacts that were not in it
};

}  // namespace nurtured::daemon
