// Whatever a checked workspace says and whatever happens: the engine throws nothing, keeps the
// promises, loses nobody, and comes to the same in parts and in batches.
#include <algorithm>
#include <cstdlib>

#include "config/format.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"
#include "tests/daemon/history.h"
#include "tests/daemon/written_world.h"

using namespace nurtured;
using namespace nurtured::rules;
using tests::by_contact;
using tests::check_promises;
using tests::run;

namespace {

// How many workspaces are tried.
std::uint64_t tries(std::uint64_t usual) {
  return std::getenv("NURTURED_TEST_LONG") == nullptr ? usual : usual * 20;
}

bool has_pending(const Contact& contact, const Enrollment& enrollment) {
  return std::ranges::any_of(contact.pending, [&](const Pending& pending) {
    return pending.enrollment == enrollment.number && pending.step == enrollment.step;
  });
}

bool has_call(const Contact& contact, const Enrollment& enrollment) {
  return std::ranges::any_of(contact.calls, [&](const Call& call) {
    return call.enrollment == enrollment.number && call.step == enrollment.step;
  });
}

// Something that is still to come takes it further, or a human has to.
bool has_a_way_on(const Contact& contact, const Enrollment& enrollment) {
  switch (enrollment.state) {
    case EnrollmentState::running:
      return false;
    case EnrollmentState::waiting:
      return enrollment.due.has_value();
    case EnrollmentState::sending:
      return has_pending(contact, enrollment);
    case EnrollmentState::calling:
      return has_call(contact, enrollment);
    case EnrollmentState::parked:
      return !enrollment.parked_reason.empty();
    case EnrollmentState::expecting:
    case EnrollmentState::finished:
      return true;
  }
  return false;
}

struct Seen {
  std::size_t enrollments = 0;
  std::size_t states[7] = {};
};

void check_everybody(store::Store& store, Seen& seen) {
  const auto contacts = store.contacts_after({}, 1000);
  REQUIRE(contacts);
  CHECK(contacts->size() == 5);
  for (const Contact& contact : *contacts) {
    for (const Enrollment& enrollment : contact.enrollments) {
      INFO(contact.user_id << " " << enrollment.playbook << " step " << enrollment.step << " state "
                           << static_cast<int>(enrollment.state));
      CHECK(has_a_way_on(contact, enrollment));
      ++seen.enrollments;
      ++seen.states[static_cast<std::size_t>(enrollment.state)];
    }
  }
}

}  // namespace

TEST_CASE("any checked workspace keeps the promises and loses nobody, whatever happens") {
  Seen seen;
  std::size_t sends = 0;
  std::uint64_t refused = 0;
  const std::uint64_t count = tries(24);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const auto world = tests::written_world(seed);
    if (world.config == nullptr) {
      ++refused;
      continue;
    }
    INFO("seed " << seed);
    const auto inspect = [&](store::Store& store) { check_everybody(store, seen); };
    const auto left = run(world, {.seed = seed, .faults = true, .inspect = inspect});
    check_promises(world, left);
    sends += left.size();
  }
  // What is refused, or does nothing, would prove nothing.
  CHECK(refused * 5 < count);
  CHECK(sends > 15 * count);
  CHECK(seen.enrollments > 2 * count);
  CHECK(seen.states[static_cast<std::size_t>(EnrollmentState::parked)] > 0);
  CHECK(seen.states[static_cast<std::size_t>(EnrollmentState::expecting)] > 0);
}

TEST_CASE("any checked workspace comes to the same in parts and in batches") {
  const std::uint64_t count = tries(8);
  for (std::uint64_t seed = 1001; seed <= 1000 + count; ++seed) {
    const auto world = tests::written_world(seed);
    if (world.config == nullptr) continue;
    INFO("seed " << seed);
    const auto whole = by_contact(run(world, {.seed = seed}));
    CHECK(by_contact(run(world, {.seed = seed, .restarts = 4})) == whole);
    CHECK(by_contact(run(world, {.seed = seed, .batch_seed = seed})) == whole);
  }
}

TEST_CASE("a workspace that is formatted means the same") {
  const std::uint64_t count = tries(40);
  for (std::uint64_t seed = 2001; seed <= 2000 + count; ++seed) {
    config::Workspace workspace = tests::written_workspace(seed);
    const auto before = config::compile(workspace, config::test_options()).config;
    if (before == nullptr) continue;
    INFO("seed " << seed);
    config::Problems problems;
    for (config::File& file : workspace.files) {
      auto formatted = config::format_file(file, problems);
      REQUIRE(formatted);
      file.text = *std::move(formatted);
    }
    const auto after = config::compile(workspace, config::test_options()).config;
    REQUIRE(after != nullptr);
    for (const auto& playbook : before->book->current()) {
      CHECK(after->book->playbook(playbook->id)->version == playbook->version);
    }
  }
}
