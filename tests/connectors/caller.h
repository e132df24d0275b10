// For tests: what connectors are built from, and a way to wait for one outcome.
#pragma once

#include <string>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/instant.h"
#include "connectors/connector.h"
#include "connectors/registry.h"
#include "http/client.h"

namespace nurtured::test {

// A marketing message to u1@example.org with everything that connectors look at.
connectors::OutboundMessage sample_message();

class Caller {
 public:
  connectors::Environment environment(const std::string& folder = ".") {
    return {io_, client_, clock_, folder};
  }
  // Sends and runs the loop until the outcome is there. Fails the test when it comes from inside
  // send().
  connectors::Outcome send(connectors::Connector& connector, connectors::OutboundMessage message);
  boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(io_);
  http::Client client_{io_};
  base::VirtualClock clock_{base::from_millis(1'795'330'800'000)};  // 2026-11-22T07:00:00Z
};

// The name of the outcome's kind: "delivered", "deferred", "rejected", "uncertain".
std::string kind_of(const connectors::Outcome& outcome);

}  // namespace nurtured::test
