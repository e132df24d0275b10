#include "connectors/http_outcome.h"

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace std::chrono_literals;

namespace {

const base::Instant now = base::from_millis(1'795'330'800'000);  // Sun, 22 Nov 2026 07:00:00 GMT

}  // namespace

TEST_CASE("Retry-After is read in both its forms, within bounds") {
  const auto [text, expected] = GENERATE(table<std::string, std::optional<base::Milliseconds>>({
      {"0", 0ms},
      {"120", 120s},
      {"99999999", 24h},
      {"99999999999999999999999", 24h},
      {"Sun, 22 Nov 2026 07:01:00 GMT", 60s},
      {"Sun, 22 Nov 2026 06:00:00 GMT", 0ms},
      {"Sun, 22 Nov 2036 07:00:00 GMT", 24h},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"soon", std::nullopt},
      {" 5", std::nullopt},
      {"Sun, 31 Feb 2026 07:01:00 GMT", std::nullopt},
      {"Sun, 22 Nov 2026 25:01:00 GMT", std::nullopt},
      {"Sun, 22 Xxx 2026 07:01:00 GMT", std::nullopt},
      {"Sun, 22 Nov 2026 07:01:00 UTC", std::nullopt},
      {"Sunday, 22-Nov-26 07:01:00 GMT", std::nullopt},
      {std::string(29, '\0'), std::nullopt},
  }));
  CAPTURE(text);
  CHECK(parse_retry_after(text, now) == expected);
}

TEST_CASE("how far a request came decides whether it may have been acted on") {
  using http::Progress;
  const auto [progress, honours_key, expected] = GENERATE(table<Progress, bool, std::string>({
      {Progress::not_connected, false, "deferred (connector): x"},
      {Progress::sending, false, "deferred (message): x"},
      {Progress::sent, false, "uncertain: x"},
      {Progress::answered, false, "uncertain: x"},
      {Progress::not_connected, true, "deferred (connector): x"},
      {Progress::sent, true, "deferred (message): x"},
      {Progress::answered, true, "deferred (message): x"},
  }));
  const http::HttpFailure failure{.error = {base::ErrorKind::unavailable, "x", {}, {}},
                                  .progress = progress};
  CHECK(to_string(outcome_of_failure(failure, honours_key)) == expected);
}

TEST_CASE("an address that may not be reached is the configuration's fault") {
  const http::HttpFailure failure{.error = {base::ErrorKind::denied, "inside", {}, {}}};
  CHECK(to_string(outcome_of_failure(failure, true)) == "rejected (configuration): inside");
}
