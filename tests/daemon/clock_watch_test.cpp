#include "daemon/clock_watch.h"

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using namespace std::chrono_literals;

TEST_CASE("a clock that is set by more than an hour is noticed once") {
  daemon::ClockWatch watch;
  const base::Instant noon = tests::at("2026-03-01T12:00:00Z");
  base::Milliseconds uptime = 5h;
  CHECK_FALSE(watch.look(noon, uptime));
  CHECK_FALSE(watch.look(noon + 10h, uptime += 10h));          // it slept
  CHECK_FALSE(watch.look(noon + 10h + 59min, uptime += 1ms));  // set, but by little
  CHECK(watch.look(noon + 960h, uptime += 1ms) > 900h);
  CHECK_FALSE(watch.look(noon + 960h, uptime += 1ms));
  CHECK(watch.look(noon, uptime += 1ms) < -900h);
}
