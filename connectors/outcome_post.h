// How a connector calls back: on the io_context's thread, later, and never after the connector's
// end.
#pragma once

#include <memory>

#include "connectors/connector.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::connectors {

class OutcomePost {
 public:
  explicit OutcomePost(boost::asio::io_context& io) : io_(io) {}

  // Any thread, as long as this lives.
  void tell(Done done, Outcome outcome) const;
  // Expires with this: for callbacks that others hold.
  std::weak_ptr<const int> life() const { return life_; }

 private:
  boost::asio::io_context& io_;
  std::shared_ptr<const int> life_ = std::make_shared<const int>();
};

}  // namespace nurtured::connectors
