// Inputs at which the process dies, with real deaths: children run the engine over a store that
// ends them when one contact is written, until one of them comes through.
#include <condition_variable>
#include <mutex>

#include <sys/wait.h>
#include <unistd.h>

#include "daemon/crash_record.h"
#include "daemon/engine_thread.h"
#include "daemon/recovery.h"
#include "daemon/set_aside.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using daemon::CrashRecord;

namespace {

constexpr const char* boot = "one boot";
constexpr int died = 3;

// Ends the process when that contact is written.
class DeadlyStore final : public store::Store {
 public:
  DeadlyStore(store::Store& store, std::string user) : store_(store), user_(std::move(user)) {}

  store::Result<void> commit(const store::Batch& batch) override {
    for (const auto& write : batch.contacts) {
      if (write.contact.user_id == user_) ::_exit(died);
    }
    return store_.commit(batch);
  }
  store::Result<store::Loaded> load(const store::LoadRequest& request) override {
    return store_.load(request);
  }
  store::ContactId allocate() override { return store_.allocate(); }
  store::Result<std::vector<store::Due>> due(base::Instant until, std::size_t max) override {
    return store_.due(until, max);
  }
  store::Result<std::optional<base::Instant>> next_due() override { return store_.next_due(); }
  store::Result<bool> maintain(base::Instant now, const store::MaintainLimits& limits) override {
    return store_.maintain(now, limits);
  }
  store::Result<std::optional<store::ContactId>> find(const store::IdentityKey& key) override {
    return store_.find(key);
  }
  store::Result<std::vector<store::ContactId>> holders(const rules::Address& address) override {
    return store_.holders(address);
  }
  store::Result<std::optional<rules::Snapshot>> contact(store::ContactId id) override {
    return store_.contact(id);
  }
  store::Result<std::vector<rules::Contact>> contacts_after(store::ContactId after,
                                                            std::size_t limit) override {
    return store_.contacts_after(after, limit);
  }
  store::Result<std::vector<store::TimelineEntry>> timeline(store::ContactId id,
                                                            std::size_t limit) override {
    return store_.timeline(id, limit);
  }
  store::Result<std::vector<store::StoredDelivery>> deliveries(
      const store::DeliveryQuery& query) override {
    return store_.deliveries(query);
  }
  store::Result<std::optional<rules::Delivery>> delivery(std::string_view key) override {
    return store_.delivery(key);
  }
  store::Result<std::vector<rules::Notification>> notifications(std::size_t limit) override {
    return store_.notifications(limit);
  }
  store::Result<std::vector<store::Standing>> standing() override { return store_.standing(); }
  store::Result<std::vector<store::Counter>> counters() override { return store_.counters(); }
  store::Result<std::int64_t> waiting() override { return store_.waiting(); }
  store::Result<std::optional<std::string>> meta(std::string_view key) override {
    return store_.meta(key);
  }
  store::Result<std::optional<store::AppliedBook>> applied_book() override {
    return store_.applied_book();
  }
  store::Result<std::vector<store::PlaybookSource>> playbook_sources() override {
    return store_.playbook_sources();
  }
  store::Result<std::vector<store::SetAside>> set_aside(std::int64_t after,
                                                        std::size_t limit) override {
    return store_.set_aside(after, limit);
  }
  store::Result<store::EventPage> events_after(std::int64_t row, std::size_t limit) override {
    return store_.events_after(row, limit);
  }
  store::Result<store::EventPage> events_before(std::int64_t row, std::size_t limit) override {
    return store_.events_before(row, limit);
  }

 private:
  store::Store& store_;
  std::string user_;
};

class Deaf final : public daemon::EngineListener {
 public:
  void on_batch(const daemon::BatchResult& /*result*/) override {}
  void on_store_error(const base::Error& /*error*/, bool /*fatal*/) override { ::_exit(1); }
  void on_clock_jump(base::Milliseconds /*jump*/) override {}
  void on_alive(base::Instant /*now*/) override {}
};

daemon::EngineInput hello(const std::string& user, base::Instant now) {
  daemon::EventInput input{.who = {.user_id = user},
                           .event = {.name = "hello",
                                     .properties = cel::Map{{"from", user}},
                                     .occurred_at = now,
                                     .received_at = now},
                           .message_id = store::dedup_key("key", "hello of " + user)};
  input.event.change.addresses.emplace_back("email", user + "@example.org");
  return input;
}

// What the daemon does between its start and its end, in a process of its own: every caller repeats
// what was not acknowledged, all at once. Its exit status.
int run_child(tests::OperatorWorld& world, const std::vector<std::string>& callers,
              const std::string& deadly) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child != 0) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }
  const base::Instant now = world.clock.now();
  auto record = CrashRecord::open(daemon::crash_record_path(world.folder / "nurtured.db"), boot);
  auto store = store::open(world.location());
  if (!record || !store) ::_exit(1);
  DeadlyStore fragile(**store, deadly);
  daemon::Engine engine(fragile, world.keeper->current()->book);
  if (!daemon::set_aside_suspect(**record, fragile, now)) ::_exit(1);
  if (!daemon::load_set_aside(engine, fragile)) ::_exit(1);
  Deaf listener;
  daemon::EngineThread thread(engine, fragile, world.clock, listener,
                              {.crash_record = record->get()});
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t waiting = callers.size();
  const auto done = [&](const base::Result<void>& result, http::ReplyBatch& /*replies*/) {
    if (!result) ::_exit(1);
    const std::lock_guard lock(mutex);
    --waiting;
    answered.notify_one();
  };
  for (const auto& caller : callers) {
    std::vector<daemon::EngineInput> inputs;
    inputs.push_back(hello(caller, now));
    if (!thread.submit(std::move(inputs), done)) ::_exit(1);
  }
  (*record)->begin(now);
  thread.start();
  bool idle = false;
  const std::function<void(daemon::Engine&, store::Store&)> look = [&](daemon::Engine&,
                                                                       store::Store& kept) {
    const auto due = kept.due(now, 1);
    if (!due) ::_exit(1);
    if (!due->empty()) return thread.post(look);
    const std::lock_guard lock(mutex);
    idle = true;
    answered.notify_one();
  };
  thread.post(look);
  {
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return waiting == 0 && idle; });
  }
  thread.stop();
  (*record)->end();
  ::_exit(0);
}

// Starts it until it comes through: how often it died before.
int deaths_of(tests::OperatorWorld& world, const std::vector<std::string>& callers,
              const std::string& deadly) {
  for (int deaths = 0; deaths < 10; ++deaths) {
    const int status = run_child(world, callers, deadly);
    if (status == 0) return deaths;
    REQUIRE(status == died);
  }
  FAIL("it dies at every start");
  return 0;
}

std::optional<rules::Contact> contact(tests::OperatorWorld& world, const std::string& user) {
  const auto id = world.store->find({store::IdentityKey::Kind::user, user});
  REQUIRE(id);
  if (!*id) return std::nullopt;
  const auto snapshot = world.store->contact(**id);
  REQUIRE(snapshot);
  if (!*snapshot) return std::nullopt;
  return (*snapshot)->contact;
}

void restart(tests::OperatorWorld& world) {
  world.start();
  REQUIRE(daemon::load_set_aside(*world.engine, *world.store));
}

}  // namespace

TEST_CASE("an event at which the daemon dies each time is set aside, and all others go through") {
  tests::OperatorWorld world;
  world.start();
  world.stop();
  const std::vector<std::string> callers = {"anna", "boris", "poison", "clara", "dora"};
  // In a batch, which names nobody; then one by one, until it is known.
  CHECK(deaths_of(world, callers, "poison") == 1 + static_cast<int>(CrashRecord::deaths_max));

  restart(world);
  for (const char* user : {"anna", "boris", "clara", "dora"}) {
    INFO(user);
    const auto found = contact(world, user);
    REQUIRE(found);
    CHECK(found->enrollments.size() == 1);
    CHECK(found->history.at("hello").count == 1);
  }
  CHECK_FALSE(contact(world, "poison"));
  const auto listed = world.ask("event/list", cel::Map{{"set_aside", true}});
  CHECK(listed.text == "1  2026-03-01T10:00:00Z  event hello of poison\n");

  SECTION("a repeat is answered and not taken, also by a later run") {
    world.stop();
    CHECK(run_child(world, callers, "poison") == 0);
    restart(world);
    CHECK_FALSE(contact(world, "poison"));
  }
  SECTION("a retry takes it, once") {
    world.ask("event/retry", cel::Map{{"number", 1}});
    const auto taken = contact(world, "poison");
    REQUIRE(taken);
    CHECK(taken->enrollments.size() == 1);
    CHECK(taken->enrollments[0].event.find("from")->as_string() == "poison");
    CHECK(taken->addresses.at("email") == "poison@example.org");
    CHECK(world.ask("event/list", cel::Map{{"set_aside", true}}).text == "nothing is set aside\n");
    CHECK(world.refuse("event/retry", cel::Map{{"number", 1}}).kind == base::ErrorKind::not_found);
    // Its messageId is remembered from now on, like any other.
    const auto result = world.engine->process(
        {{hello("poison", world.clock.now()), world.clock.now()}}, world.clock.now());
    REQUIRE(result);
    CHECK(result->duplicates == 1);
  }
  SECTION("a retry at which it dies again loses nothing") {
    world.stop();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto store = store::open(world.location());
      DeadlyStore fragile(**store, "poison");
      daemon::Engine engine(fragile, world.keeper->current()->book);
      const auto kept = fragile.set_aside(0, 1);
      const base::Instant now = world.clock.now();
      static_cast<void>(engine.process({{*daemon::to_input(kept->front(), now), now}}, now));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == died);
    restart(world);
    CHECK(world.store->set_aside(0, 10)->size() == 1);
    CHECK(world.engine->set_aside_count() == 1);
  }
}

TEST_CASE("a timer at which the daemon dies each time is set aside, and its contact stays") {
  tests::OperatorWorld world;
  world.start();
  for (const char* user : {"anna", "poison", "boris"}) world.event(user, "hello");
  REQUIRE(world.sent["m1"] == 3);
  world.stop();
  world.clock.advance_to(tests::at("2026-03-03T12:00:00Z"));
  CHECK(deaths_of(world, {}, "poison") == 1 + static_cast<int>(CrashRecord::deaths_max));

  restart(world);
  CHECK(world.store->deliveries({.state = rules::DeliveryChange::ready})->size() == 2);
  CHECK(world.store->due(world.clock.now(), 10)->empty());
  const auto standing = contact(world, "poison");
  REQUIRE(standing);
  CHECK(standing->enrollments.at(0).state == rules::EnrollmentState::waiting);
  const auto kept = world.store->set_aside(0, 10);
  REQUIRE(kept->size() == 1);
  CHECK(kept->front().kind == store::SetAside::Kind::timer);
  CHECK(kept->front().contact == standing->id);

  world.ask("event/retry", cel::Map{{"number", kept->front().number}});
  CHECK(world.store->set_aside(0, 10)->empty());
  CHECK(contact(world, "poison")->enrollments.at(0).state == rules::EnrollmentState::sending);
}

TEST_CASE("what the daemon died of once or twice and then took is not set aside") {
  tests::OperatorWorld world;
  world.start();
  world.stop();
  const std::vector<std::string> callers = {"anna", "poison"};
  for (std::uint32_t death = 0; death < CrashRecord::deaths_max; ++death) {
    CHECK(run_child(world, callers, "poison") == died);
  }
  CHECK(run_child(world, callers, "nobody") == 0);
  restart(world);
  CHECK(world.store->set_aside(0, 10)->empty());
  CHECK(contact(world, "poison"));
}

TEST_CASE("a message that was being rendered at a crash was not sent, and fails if it goes on so") {
  tests::OperatorWorld world;
  world.start();
  world.ask("pause");
  world.event("anna", "hello");
  world.ask("resume");
  REQUIRE(world.operations->background());
  const auto ready = world.store->deliveries({.state = rules::DeliveryChange::ready});
  REQUIRE(ready->size() == 1);
  const rules::Delivery& delivery = ready->front();
  const base::Instant now = world.clock.now();
  REQUIRE(world.engine->process(
      {{daemon::ContactInput{delivery.contact, rules::Claim{delivery.key}}, now}}, now));
  const auto config = world.keeper->current();
  const auto outcome = [&](const std::string& rendered, std::uint32_t deaths) {
    const auto recovered = daemon::recover_deliveries(
        *world.store, *config, daemon::Suspect{.payload = rendered, .deaths = deaths});
    REQUIRE(recovered);
    REQUIRE(recovered->outcomes.size() == 1);
    const auto& input = std::get<daemon::ContactInput>(recovered->outcomes[0]);
    return std::get<rules::Outcome>(input.input);
  };
  CHECK(outcome(delivery.key, 1).kind == rules::OutcomeKind::unsent);
  CHECK(outcome("another", CrashRecord::deaths_max).reason ==
        "the daemon ended before the outcome was known");
  const auto failed = outcome(delivery.key, CrashRecord::deaths_max);
  CHECK(failed.kind == rules::OutcomeKind::failed);
  REQUIRE(world.engine->process({{daemon::ContactInput{delivery.contact, failed}, now}}, now));
  const auto parked = contact(world, "anna")->enrollments.at(0);
  CHECK(parked.state == rules::EnrollmentState::parked);
  CHECK(parked.parked_reason == "rendering the message ended the daemon 3 times in a row");
}

TEST_CASE("a claim that is set aside gives its place back, an outcome stays untaken") {
  tests::OperatorWorld world;
  world.start();
  world.event("anna", "hello");
  const base::Instant now = world.clock.now();
  const auto id = contact(world, "anna")->id;
  const daemon::ContactInput claim{id, rules::Claim{"1.1.0.0.email"}};
  const daemon::ContactInput outcome{id, rules::Outcome{.delivery = "1.1.0.0.email"}};
  for (const auto& input : {claim, outcome}) {
    world.engine->set_aside(daemon::to_set_aside(input, now).fingerprint);
  }
  const auto result = world.engine->process({{claim, now}, {outcome, now}}, now);
  REQUIRE(result);
  CHECK(result->set_aside == 2);
  CHECK(result->inputs == 2);
  REQUIRE(result->deliveries.size() == 1);
  CHECK(result->deliveries[0].delivery.change == rules::DeliveryChange::returned);
  CHECK(result->deliveries[0].delivery.key == "1.1.0.0.email");
}

TEST_CASE("a repeat of an event without a messageId is recognised by what it says") {
  const base::Instant now = tests::at("2026-03-01T10:00:00Z");
  const auto made = [&](const std::string& user, const std::string& name, int amount,
                        base::Instant at) {
    return daemon::EventInput{.who = {.user_id = user},
                              .event = {.name = name,
                                        .properties = cel::Map{{"amount", amount}},
                                        .occurred_at = at,
                                        .received_at = at}};
  };
  const auto fingerprint = [&](const daemon::EngineInput& input) {
    return daemon::to_set_aside(input, now).fingerprint;
  };
  const auto first = fingerprint(made("anna", "paid", 1, now));
  CHECK(first == fingerprint(made("anna", "paid", 1, now + std::chrono::hours{1})));
  CHECK(first != fingerprint(made("boris", "paid", 1, now)));
  CHECK(first != fingerprint(made("anna", "left", 1, now)));
  CHECK(first != fingerprint(made("anna", "paid", 2, now)));
}
