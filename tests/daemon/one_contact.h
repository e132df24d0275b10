// One person under the rules alone: inputs in, what the engine decides and hands over kept.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rules/advance.h"
#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::tests {

using namespace nurtured::rules;

inline const Instant start = *base::parse_instant("2026-03-02T12:00:00Z");

// The small workspace with the playbook `p`, which event a starts and event b stops.
inline std::shared_ptr<const rules::Book> book_of(const std::string& steps,
                                                  const std::string& settings = "") {
  config::Workspace workspace = config::small_workspace();
  config::put(workspace, "nurtured.yaml",
              "connectors:\n  out: {type: file, path: out}\n"
              "  crm: {type: webhook, url: \"https://crm.example.org\"}\n"
              "channels: {email: out}\n" +
                  settings);
  config::put(workspace, "content/soon.md", "---\nkind: reply\nsubject: Soon\n---\nSoon.\n");
  config::put(workspace, "playbooks/p.yaml",
              "playbook: p\nstart: a\nstop: [{when: b}]\nsteps:\n" + steps);
  const auto compiled = config::compile(workspace, config::test_options());
  for (const auto& line : config::lines_of(compiled.problems)) UNSCOPED_INFO(line);
  REQUIRE(compiled.config);
  return compiled.config->book;
}

// A contact, the book and the clock; what the engine hands over is kept, newest last.
struct OneContact {
  explicit OneContact(std::shared_ptr<const Book> its, Pauses paused = {})
      : book(std::move(its)), pauses(std::move(paused)) {
    snapshot.contact.id = {1};
    snapshot.contact.user_id = "u1";
    snapshot.contact.attributes["first_name"] = "Anna";
    snapshot.contact.addresses["email"] = "u1@example.org";
  }

  void take(const Input& input) {
    auto transition = advance(*book, pauses, std::move(snapshot), input, now);
    snapshot = std::move(transition.next);
    wake = transition.wake;
    for (auto& delivery : transition.deliveries) deliveries.push_back(std::move(delivery));
    for (auto& decision : transition.decisions) decisions.push_back(std::move(decision));
  }
  void event(const std::string& name) {
    take(Event{.name = name, .occurred_at = now, .received_at = now});
  }
  void claim() { take(Claim{deliveries.back().key}); }
  void answer(OutcomeKind kind, const std::string& output = "{}") {
    take(Outcome{.delivery = deliveries.back().key,
                 .kind = kind,
                 .reason = kind == OutcomeKind::delivered ? "" : "HTTP 500",
                 .output = *cel::from_json(output)});
  }
  // The clock goes to the next moment that the engine asked for.
  void on() {
    REQUIRE(wake);
    now = *wake;
    take(Wake{});
  }

  DeliveryChange change() const { return deliveries.back().change; }
  bool is_done() const {
    return std::ranges::find(snapshot.contact.tags, "done") != snapshot.contact.tags.end();
  }
  const Enrollment& enrollment() const { return snapshot.contact.enrollments.at(0); }

  std::shared_ptr<const Book> book;
  Pauses pauses;
  Snapshot snapshot;
  Instant now = start;
  std::optional<Instant> wake;
  std::vector<Delivery> deliveries;
  std::vector<Decision> decisions;
};

}  // namespace nurtured::tests
