// A new book beside the live one: what it would have done with what was recorded.
#include <algorithm>

#include "content/escape.h"
#include "daemon/shadow_report.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using nurtured::tests::at;
using nurtured::tests::OperatorWorld;

namespace {

ShadowComparison compare(OperatorWorld& world, ShadowRecord* told = nullptr) {
  const auto live = world.keeper->adopt(world.keeper->read(), *world.store);
  REQUIRE(live);
  const auto files = world.keeper->prepare(*world.store);
  REQUIRE(files);
  REQUIRE(files->config != nullptr);
  const auto record = read_shadow_record(*world.store, *(*live)->book);
  REQUIRE(record);
  if (told != nullptr) *told = *record;
  auto comparison =
      compare_shadow(*live, files->config, *record, at("2026-03-05T00:00:00Z"), world.clock.now());
  REQUIRE(comparison);
  return *std::move(comparison);
}

// u1 is under way when the comparison begins, u2 comes after that.
void live_through(OperatorWorld& world) {
  world.start();
  world.run_until(at("2026-03-04T09:00:00Z"));
  world.event("u1", "hello");
  world.run_until(at("2026-03-08T09:00:00Z"));
  world.event("u2", "hello");
  world.run_until(at("2026-03-20T09:00:00Z"));
  REQUIRE(world.sent["m2"] == 2);
}

std::string lines(const ShadowComparison& comparison) {
  std::string text;
  for (const auto& difference : comparison.differences) text += to_json_line(difference) + "\n";
  return text;
}

}  // namespace

TEST_CASE("what each book sent is counted by day, kind, playbook and message") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 1d\n  - send: m2\n");
  world.folder.write("playbooks/p2.yaml", "start: {when: hello}\nsteps:\n  - send: m1\n");
  const auto comparison = compare(world);
  // From 5 to 20 March; m2 to u1 on the 6th, both to u2 from the 8th on.
  const auto sent_on = [](const ShadowFigures& book) {
    std::string text;
    for (const ByKind& day : book.days) text += std::to_string(day[0]);
    return text;
  };
  CHECK(sent_on(comparison.before) == "0101010000000000");
  CHECK(sent_on(comparison.after) == "0102100000000000");
  const std::pair<std::string, std::string> first{"p1", "m1"};
  const std::pair<std::string, std::string> second{"p1", "m2"};
  CHECK(comparison.before.messages ==
        decltype(comparison.before.messages){{first, 1}, {second, 2}});
  CHECK(comparison.after.messages ==
        decltype(comparison.before.messages){{first, 1}, {second, 2}, {{"p2", "m1"}, 1}});
  CHECK(comparison.count(ShadowChange::moved) == 1);
  CHECK(comparison.count(ShadowChange::only_after) == 1);
  // A whole day is the end of its step.
  CHECK(comparison.earlier[2][0] == 1);
}

TEST_CASE("a step that is called otherwise is the same step") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - {id: first, send: m1}\n  - wait: 2d\n"
                     "  - {id: second, send: m2}\n");
  const auto comparison = compare(world);
  CHECK(comparison.differences.empty());
  CHECK(comparison.same == 3);
}

TEST_CASE("what held messages is counted once for each message and reason") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("content/m2.md", "---\nkind: offer\nsubject: m2\n---\nBuy.\n");
  const auto comparison = compare(world);
  CHECK(comparison.before.held.empty());
  CHECK(comparison.after.held ==
        std::map<rules::Reason, std::int64_t>{{rules::Reason::touches, 2}});
  CHECK(comparison.after.left_out.empty());
  CHECK(comparison.count(ShadowChange::only_before) == 2);
}

TEST_CASE(
    "the page loads nothing, runs nothing and shows hostile names of a workspace as they are") {
  const std::string hostile =
      GENERATE("</title><script>alert('x')</script>", "\"><img src=x onerror=alert(1)>",
               "'><svg/onload=alert(1)>", "</td></tr></table><b>", "<!--", "]]><style>*{}</style>",
               "<iframe src=x>", "&lt;script&gt;", "<a href=javascript:alert(1)>", "<base href=x>");
  ShadowComparison comparison{.from = at("2026-03-05T00:00:00Z"),
                              .until = at("2026-03-07T00:00:00Z")};
  comparison.before.days.resize(3);
  comparison.after.days.resize(3);
  comparison.after.messages[{hostile, hostile}] = 1;
  comparison.after.held[rules::Reason::mix] = 1;
  comparison.changes[0] = 1;
  comparison.differences = {{.contact = hostile,
                             .playbook = hostile,
                             .step = hostile,
                             .message = hostile,
                             .before = ShadowFate{},
                             .after = std::nullopt,
                             .at = comparison.from}};
  const std::string page = shadow_html(comparison, {});
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(page.find("default-src 'none'") != std::string::npos);
  for (const char* part : {"<script", "<img", "<svg/", "<b>", "<!--", "<style>*", "<iframe", "<a ",
                           "<base", "http://", "https://"}) {
    CHECK(page.find(part) == std::string::npos);
  }
  // As the table by message has it twice, and the one message by message four times.
  std::size_t names = 0;
  const std::string shown = "<td class=\"name\">" + content::escape_html(hostile) + "</td>";
  for (auto place = page.find(shown); place != std::string::npos;
       place = page.find(shown, place + 1)) {
    ++names;
  }
  CHECK(names == 6);
}

TEST_CASE("a page shows the first differences, and says how many more there are") {
  const auto [count, more] = GENERATE(table<std::size_t, const char*>(
      {{0, ""}, {shadow_page_differences_max, ""}, {shadow_page_differences_max + 7, "; 7 more"}}));
  ShadowComparison comparison;
  comparison.differences.resize(count);
  for (ShadowDifference& its : comparison.differences) its.contact = "somebody";
  const std::string page = shadow_html(comparison, {});
  std::size_t shown = 0;
  for (auto place = page.find("somebody"); place != std::string::npos;
       place = page.find("somebody", place + 1)) {
    ++shown;
  }
  CHECK(shown == std::min(count, shadow_page_differences_max));
  CHECK((page.find("--format jsonl") != std::string::npos) == (*more != '\0'));
  CHECK(page.find(more) != std::string::npos);
}

TEST_CASE("the same book differs in nothing") {
  OperatorWorld world;
  live_through(world);
  const auto comparison = compare(world);
  CHECK(lines(comparison).empty());
  // The first message to u1 left before.
  CHECK(comparison.same == 3);
  CHECK(comparison.before.sent == 3);
}

TEST_CASE("a shorter wait moves the message of whoever starts, and of nobody under way") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("playbooks/p1.yaml",
                     "start: {when: hello}\nsteps:\n  - send: m1\n  - wait: 1d\n  - send: m2\n");
  const auto comparison = compare(world);
  CHECK(lines(comparison) ==
        R"({"at":"2026-03-09T09:00:00Z","contact":"u2","playbook":"p1","step":"send:m2",)"
        R"("message":"m2","kind":"value","change":"moved",)"
        R"("before":{"sent":"2026-03-10T09:00:00Z"},"after":{"sent":"2026-03-09T09:00:00Z"}})"
        "\n");
  CHECK(comparison.same == 2);
}

TEST_CASE("what only one book sends is told, with what became of it in the other") {
  OperatorWorld world;
  live_through(world);
  world.folder.write("content/m2.md", "---\nkind: offer\nsubject: m2\n---\nBuy.\n");
  world.folder.write("playbooks/p2.yaml", "start: {when: hello}\nsteps:\n  - send: m1\n");
  const auto comparison = compare(world);
  const std::string told = lines(comparison);
  // Too few touches for an offer.
  CHECK(told.find(R"("change":"only_before","before":{"sent":"2026-03-10T09:00:00Z"},)"
                  R"("after":{"reason":"touches","do":"hold"})") != std::string::npos);
  CHECK(told.find(R"("playbook":"p2","step":"send:m1","message":"m1","kind":"value",)"
                  R"("change":"only_after","before":null)") != std::string::npos);
}

TEST_CASE("what the store does not tell is said") {
  OperatorWorld world;
  live_through(world);
  ShadowRecord record;
  const auto comparison = compare(world, &record);
  CHECK(record.contacts == 2);
  CHECK(record.older_contacts == 0);
  CHECK(record.made_by_us > 4);
  CHECK(record.events.size() == 2);
  const std::string text = shadow_text(comparison, record);
  CHECK(text.find("what operators did by hand") != std::string::npos);
  CHECK(text.find("the same: 3.") != std::string::npos);
}

TEST_CASE("an unsubscribe that was recorded counts in both plays") {
  OperatorWorld world;
  world.start();
  world.run_until(at("2026-03-08T09:00:00Z"));
  world.event("u1", "hello");
  world.run_until(at("2026-03-09T09:00:00Z"));
  const auto id = world.store->find({store::IdentityKey::Kind::user, "u1"});
  REQUIRE(id);
  world.process({{ContactInput{**id, rules::Suppress{.reason = std::string(rules::unsubscribed),
                                                     .channel = "email"}},
                  world.clock.now()}});
  world.run_until(at("2026-03-20T09:00:00Z"));
  REQUIRE(world.sent["m2"] == 0);
  const auto comparison = compare(world);
  CHECK(lines(comparison).empty());
  CHECK(comparison.before.sent == 1);
}
