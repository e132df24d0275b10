// What is neither ingest nor behind a link.
#include "daemon/routes.h"

#include "rules/cel/json.h"
#include "tests/catch.h"
#include "tests/daemon/routes_world.h"

using namespace nurtured;
using namespace nurtured::daemon;
using namespace nurtured::daemon::testing;

TEST_CASE("health, readiness and figures") {
  Outside outside;
  CHECK(body_of(outside.ask("GET", "/healthz")) == "ok\n");
  CHECK(status_of(outside.ask("GET", "/readyz")) == 200);
  outside.server.on_thread([&] { outside.ready = base::fail("the store is being opened"); });
  const std::string waiting = outside.ask("GET", "/readyz/");
  CHECK(status_of(waiting) == 503);
  CHECK(body_of(waiting) == "the store is being opened\n");
  outside.post("/v1/t", track);
  outside.post("/v1/t", "{");
  outside.post("/v1/t", "{}");
  const std::string figures = outside.ask("GET", "/metrics");
  CHECK(has_header(figures, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (const char* line :
       {"nurtured_ingest_requests_total{result=\"taken\"} 1\n",
        "nurtured_ingest_requests_total{result=\"unreadable\"} 1\n",
        "nurtured_ingest_requests_total{result=\"denied\"} 1\n",
        "nurtured_ingest_messages_total 1\n", "nurtured_ingest_seconds_count 1\n"}) {
    INFO(line);
    CHECK(figures.find(line) != std::string::npos);
  }
  CHECK(figures.find("wk") == std::string::npos);
}

TEST_CASE("other paths and methods are refused in JSON") {
  Outside outside;
  const auto [method, target, status] = GENERATE(table<std::string, std::string, int>({
      {"GET", "/", 404},
      {"GET", "/v1", 404},
      {"GET", "/v1/", 404},
      {"POST", "/v1/x", 404},
      {"POST", "/v2/track", 404},
      {"POST", "/v1/track//", 404},
      {"POST", "/v1/%74rack", 404},
      {"POST", "/V1/track", 404},
      {"POST", "/u", 404},
      {"GET", "/v1/projects/settings", 404},
      {"GET", "/v1/track", 405},
      {"PUT", "/v1/events", 405},
      {"POST", "/metrics", 405},
      {"DELETE", "/healthz", 405},
  }));
  INFO(method << " " << target);
  const std::string response = outside.ask(method, target);
  CHECK(status_of(response) == status);
  CHECK((response.find("\r\nAllow: ") != std::string::npos) == (status == 405));
  const auto body = cel::from_json(body_of(response));
  REQUIRE(body);
  CHECK_FALSE(body->find("success")->as_bool());
  CHECK(status_of(outside.ask("DELETE", outside.unsubscribe_path())) == 405);
}

TEST_CASE("a listener may serve one half alone") {
  {
    Outside outside({"wk"}, RouteSet::public_only);
    CHECK(status_of(outside.ask("GET", "/metrics")) == 404);
    CHECK(status_of(outside.post("/v1/t", track)) == 200);
  }
  Outside inside({"wk"}, RouteSet::operations_only);
  CHECK(status_of(inside.ask("GET", "/metrics")) == 200);
  CHECK(status_of(inside.post("/v1/t", track)) == 404);
  CHECK(status_of(inside.post(inside.unsubscribe_path(), "")) == 404);
}

TEST_CASE("new settings count from the next request on") {
  Outside outside;
  CHECK(status_of(outside.post("/v1/t", track)) == 200);
  auto changed = std::make_shared<const RouteSettings>(settings_with({"other"}));
  outside.server.on_thread([&] { outside.routes.set(changed); });
  CHECK(status_of(outside.post("/v1/t", track)) == 401);
}
