#include "tests/daemon/operator_world.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/zones.h"
#include "connectors/registry.h"
#include "tests/catch.h"

namespace nurtured::tests {

base::Instant at(const std::string& text) {
  const auto instant = base::parse_instant(text);
  REQUIRE(instant);
  return *instant;
}

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "nurtured-test-XXXXXX").string()) {
  REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // what is left is the system's to clean
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryFolder::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = path_ + "/" + name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.good());
}

void TemporaryFolder::remove(const std::string& name) const {
  REQUIRE(std::filesystem::remove(path_ + "/" + name));
}

void write_small_workspace(const TemporaryFolder& folder) {
  folder.write("nurtured.yaml",
               "store: sqlite:nurtured.db\ntimezone: UTC\n"
               "connectors:\n  outbox: {type: file, path: outbox}\n"
               "channels:\n  email: {connector: outbox, consent: assumed}\n"
               "limits: {per_day: 10, per_week: 50, min_gap: 1m, quiet: \"00:00-00:00\"}\n");
  folder.write("playbooks/p1.yaml", small_playbook);
  for (const std::string name : {"m1", "m2"}) {
    folder.write("content/" + name + ".md",
                 "---\nkind: value\nsubject: " + name + "\n---\nHello {{ contact.first_name }}.\n");
  }
}

OperatorWorld::OperatorWorld() : clock(at("2026-03-01T10:00:00Z")) {
  write_small_workspace(folder);
  keeper = std::make_unique<daemon::BookKeeper>(
      daemon::BookKeeperOptions{.config_path = folder.path(),
                                .connector_types = connectors::connector_types(),
                                .zones = *config::system_zones()},
      clock);
}

void OperatorWorld::start() {
  auto files = keeper->read();
  auto opened = store::open(files.location);
  REQUIRE(opened);
  store = *std::move(opened);
  const auto started = keeper->start(std::move(files), *store);
  REQUIRE(started);
  engine = std::make_unique<daemon::Engine>(*store, started->config->book);
  inbox = std::make_unique<daemon::DirectInbox>(*engine, clock);
  operations = std::make_unique<daemon::Operations>(daemon::OperationsContext{
      .reader = *store,
      .keeper = *keeper,
      .clock = clock,
      .location = location(),
      .inbox = inbox.get(),
      .post = [this](const daemon::EngineJob& job) { job(*engine, *store); }});
}

void OperatorWorld::stop() {
  operations.reset();
  inbox.reset();
  engine.reset();
  store.reset();
}

void OperatorWorld::process(std::vector<daemon::Arrived> inputs) {
  bool more = true;
  while (more || !inputs.empty()) {
    const auto result = engine->process(std::exchange(inputs, {}), clock.now());
    REQUIRE(result);
    more = result->more;
    for (const auto& notice : result->deliveries) {
      const auto& delivery = notice.delivery;
      rules::Input answer = rules::Claim{delivery.key};
      if (delivery.change == rules::DeliveryChange::committing) {
        answer = rules::Outcome{.delivery = delivery.key};
        ++sent[delivery.message];
      } else if (delivery.change != rules::DeliveryChange::ready) {
        continue;
      }
      inputs.push_back({daemon::ContactInput{delivery.contact, std::move(answer)}, clock.now()});
    }
  }
}

void OperatorWorld::event(const std::string& user, const std::string& name) {
  daemon::EventInput input{.who = {.user_id = user},
                           .event = {.name = name,
                                     .properties = cel::Map{},
                                     .occurred_at = clock.now(),
                                     .received_at = clock.now()}};
  input.event.change.addresses.emplace_back("email", user + "@example.org");
  std::vector<daemon::Arrived> inputs;
  inputs.push_back({std::move(input), clock.now()});
  process(std::move(inputs));
}

void OperatorWorld::run_until(base::Instant until) {
  for (;;) {
    const auto due = engine->next_due();
    REQUIRE(due);
    if (!*due || **due > until) break;
    clock.advance_to(**due);
    process({});
  }
  clock.advance_to(until);
}

daemon::Answer OperatorWorld::ask(const std::string& operation, const cel::Value& request) {
  auto answer = operations->call(operation, request);
  if (!answer) FAIL(operation + ": " + base::to_string(answer.error()));
  return *std::move(answer);
}

base::Error OperatorWorld::refuse(const std::string& operation, const cel::Value& request) {
  auto answer = operations->call(operation, request);
  if (answer) FAIL(operation + " succeeded: " + answer->text);
  return answer.error();
}

}  // namespace nurtured::tests
