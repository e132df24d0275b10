// What right settings, events, touchpoints and messages become.
#include "config/compile.h"
#include "rules/cel/literal.h"
#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

std::shared_ptr<const Config> config_of(const Workspace& workspace) {
  const Compiled compiled = compile(workspace, test_options());
  for (const Problem& problem : compiled.problems) {
    INFO(line_of(problem));
    REQUIRE(problem.severity != Severity::error);
  }
  REQUIRE(compiled.config != nullptr);
  return compiled.config;
}

TEST_CASE("a listener that others reach needs an address for links and write keys") {
  const auto [http, keys, expected] = GENERATE(table<std::string, std::string, std::string>({
      {R"({listen: "127.0.0.1:80"})", "", ""},
      {R"({listen: "127.1.2.3:80"})", "", ""},
      {R"({listen: "[::1]:80"})", "", ""},
      {R"({listen: "localhost:80"})", "", ""},
      {R"({listen: "0.0.0.0:80"})", "", "no-public-url no-write-keys "},
      {R"({listen: "[::]:80"})", "keys: {write: [k]}\n", "no-public-url "},
      {R"({listen: "10.0.0.1:80", public_url: "https://t.example.org"})", "", "no-write-keys "},
      {R"({listen: "10.0.0.1:80", public_url: "https://t.example.org"})", "keys: {write: [k]}\n",
       ""},
  }));
  CAPTURE(http, keys);
  Workspace workspace = small_workspace();
  for (File& file : workspace.files) {
    if (file.path == "nurtured.yaml") file.text += "http: " + http + "\n" + keys;
  }
  std::string found;
  for (const Problem& problem : compile(workspace, test_options()).problems) {
    if (problem.name.starts_with("no-")) found += problem.name + " ";
  }
  CHECK(found == expected);
}

TEST_CASE("settings that are left out have the contract's defaults") {
  const auto config = config_of(small_workspace());
  const rules::Settings& settings = config->book->settings();
  CHECK(config->store == "sqlite:nurtured.db");
  CHECK(config->http.listen == "127.0.0.1:8025");
  CHECK(config->http.admin_listen.empty());
  CHECK(config->keep.history == rules::Span{.days = 400});
  CHECK(config->dedup == rules::Span{.days = 7});
  CHECK(config->keys.write.empty());
  CHECK_FALSE(config->keys.admin.has_value());
  CHECK_FALSE(config->notify.has_value());
  CHECK(settings.mix.value == 70);
  CHECK(settings.mix.window == 10);
  CHECK(settings.touches_before_offer == 7);
  CHECK(settings.limits.per_week == 4);
  CHECK(settings.limits.quiet == rules::QuietHours{});
  CHECK(settings.zone_name == "UTC");
  CHECK(settings.late_within == rules::Span{.days = 1});
  CHECK(settings.default_via == std::vector<std::string>{"email", "telegram"});
  CHECK(settings.vars.is_map());
  CHECK_FALSE(settings.fill.has_value());
}

TEST_CASE("values of vars are numbers only where they print as they are written") {
  Workspace workspace = small_workspace();
  put(workspace, "nurtured.yaml",
      "connectors: {out: {type: file, path: outbox}}\nchannels: {email: out}\n"
      "vars: {a: 1.50, b: 1e3, c: 12345678901234567890, d: 1.5, e: -7, f: -0, g: 007, h: 1.0, "
      "i: yes, j: true, k: \"5\", l: 0.1, m: 22:30, n: 1., o: 9223372036854775807}\n");
  const auto config = config_of(workspace);
  const cel::Value& vars = config->book->settings().vars;
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"a", "\"1.50\""},
                                                        {"b", "\"1e3\""},
                                                        {"c", "\"12345678901234567890\""},
                                                        {"d", "1.5"},
                                                        {"e", "-7"},
                                                        {"f", "\"-0\""},
                                                        {"g", "\"007\""},
                                                        {"h", "1.0"},
                                                        {"i", "\"yes\""},
                                                        {"j", "true"},
                                                        {"k", "\"5\""},
                                                        {"l", "0.1"},
                                                        {"m", "\"22:30\""},
                                                        {"n", "\"1.\""},
                                                        {"o", "9223372036854775807"}}) {
    INFO(name);
    CHECK(cel::to_literal(*vars.find(name)) == text);
  }
}

TEST_CASE("settings are read in full") {
  Workspace workspace = small_workspace();
  workspace.root = "/somewhere";
  put(workspace, "nurtured.yaml", R"(store: "sqlite::memory:"
http: {listen: "[::1]:80", public_url: "https://t.example.org/", admin_listen: "127.0.0.1:0", trusted_proxies: ["::1"]}
timezone: Australia/Lord_Howe
keys: {write: [a, b], admin: c, sign: d}
vars: {brand: "Anna's", seats: 3, nested: {deep: [true]}}
keep: {events: 30d, history: 60d, decisions: 10d}
connectors:
  email: {type: smtp, url: "smtp://127.0.0.1:25", from: "Anna <anna@example.org>", rate: 50/s}
channels: {email: {connector: email, consent: recorded}}
notify: {channel: email, to: team@example.org}
mix: {value: 60, engagement: 20, offer: 20, window: 5}
touches_before_offer: 3
limits: {per_day: 2, per_week: 8, min_gap: 30m, quiet: "00:00-00:00"}
fill: {from: evergreen, every: 2d}
series: {evergreen: [hello, bye]}
catch_up: {older_than: 2d, action: skip, over: 1h}
mute: [{if: '"ticket" in contact.tags', kinds: [offer]}, {if: contact.score < 0}]
only_to: [me@example.org]
dedup: 3d
late_within: 2d
)");
  const auto config = config_of(workspace);
  const rules::Settings& settings = config->book->settings();
  CHECK(config->store == "sqlite::memory:");
  CHECK(config->http.public_url == "https://t.example.org");
  CHECK(config->http.trusted_proxies == std::vector<std::string>{"::1"});
  REQUIRE(config->keys.write.size() == 2);
  CHECK(config->keys.write[1].reveal() == "b");
  CHECK(config->keys.admin->reveal() == "c");
  CHECK(config->keys.sign.size() == 1);
  CHECK(config->keep.decisions == rules::Span{.days = 10});
  CHECK(config->connectors.at("email").type == "smtp");
  CHECK(config->connectors.at("email").node.find("rate")->text == "50/s");
  CHECK(config->notify->to == "team@example.org");
  CHECK(config->root == "/somewhere");
  CHECK(config->files == workspace.files);
  CHECK(settings.zone_name == "Australia/Lord_Howe");
  CHECK(settings.vars.find("seats")->as_int() == 3);
  CHECK(settings.mix.offer == 20);
  CHECK(settings.mix.window == 5);
  CHECK(settings.touches_before_offer == 3);
  CHECK(settings.limits.min_gap == rules::Span{.exact = std::chrono::minutes{30}});
  CHECK(settings.fill->series == "evergreen");
  CHECK(settings.series.at("evergreen").size() == 2);
  CHECK(settings.catch_up.action == rules::CatchUpAction::skip);
  REQUIRE(settings.mute.size() == 2);
  CHECK(settings.mute[0].kinds == std::vector<rules::Kind>{rules::Kind::offer});
  CHECK(settings.mute[1].kinds.empty());
  CHECK(settings.only_to == std::vector<std::string>{"me@example.org"});
}

TEST_CASE("events type the properties that come in") {
  Workspace workspace = small_workspace();
  put(workspace, "events.yaml", R"(events:
  webinar.registered: {properties: {webinar: string, starts: timestamp, seats: int, price: double}}
  anything: {}
)");
  const auto config = config_of(workspace);
  const cel::Value typed = typed_properties(
      config->book->settings().events, "webinar.registered",
      cel::Map{{"starts", "2026-03-01T10:00:00+03:00"}, {"seats", 3.0}, {"price", 5}, {"more", 1}});
  CHECK(typed.find("starts")->instant() == base::parse_instant("2026-03-01T07:00:00Z").value());
  CHECK(typed.find("seats")->is_int());
  CHECK(typed.find("price")->is_double());
  CHECK(typed.find("more")->is_int());
  const cel::Value unfit = typed_properties(config->book->settings().events, "webinar.registered",
                                            cel::Map{{"starts", "soon"}, {"seats", 3.5}});
  CHECK(unfit.find("starts")->is_string());
  CHECK(unfit.find("seats")->is_double());
  CHECK(typed_properties(config->book->settings().events, "unknown", cel::Map{{"a", "2026-03-01"}})
            .find("a")
            ->is_string());
  CHECK(typed_properties(config->book->settings().events, "webinar.registered", nullptr).is_null());
}

TEST_CASE("touchpoints classify events") {
  Workspace workspace = small_workspace();
  put(workspace, "touchpoints.yaml", R"(touchpoints:
  checklist.downloaded: {channel: site, stage: consideration, media: owned, place: online,
    kind: value, role: trust, count_every: 2d, cost: 1.5}
  talk: {}
)");
  const auto config = config_of(workspace);
  const rules::Touchpoint* touchpoint = config->book->touchpoint("checklist.downloaded");
  REQUIRE(touchpoint != nullptr);
  CHECK(touchpoint->role == "trust");
  CHECK(touchpoint->count_every == rules::Span{.days = 2});
  CHECK(touchpoint->cost == 1.5);
  REQUIRE(config->book->touchpoint("talk") != nullptr);
  CHECK(config->book->touchpoint("talk")->count_every == rules::Span{.days = 1});
}

TEST_CASE("a message has its languages, and each falls back to the first file piece by piece") {
  Workspace workspace = small_workspace();
  workspace.seen = {"files/guide.pdf"};
  put(workspace, "content/m.md",
      "---\nkind: reminder\nsubject: Hi\nexpires: now\nattach: files/guide.pdf\nlayout: plain\n"
      "buttons: [{id: go, text: Go, url: \"https://example.org\"}]\n---\nHello\n");
  put(workspace, "content/m.ru.md", "---\nsubject: Привет\n---\n");
  put(workspace, "content/m.pt-BR.md", "Ola\r\n");
  put(workspace, "content/layouts/plain.html", "<p>{{ content }}</p>");
  put(workspace, "content/partials/foot.md", "Bye");
  const auto config = config_of(workspace);
  const content::Message& message = config->messages.at("m");
  CHECK(message.kind() == rules::Kind::reminder);
  CHECK(message.locales() == std::vector<std::string>{"pt-BR", "ru"});
  REQUIRE(config->book->message("m") != nullptr);
  CHECK(config->book->message("m")->expires.has_value());
  const cel::Value nobody = cel::Map();
  content::RenderData data;
  data.variables = &nobody;
  data.locale = "ru";
  const auto russian =
      content::render(message, content::Format::plain, data, content::PlainLinks());
  REQUIRE(russian.has_value());
  CHECK(russian->subject == "Привет");
  CHECK(russian->text.find("Hello") != std::string::npos);
  REQUIRE(russian->buttons.size() == 1);
  CHECK(russian->attachments == std::vector<std::string>{"files/guide.pdf"});
}

}  // namespace
}  // namespace nurtured::config
