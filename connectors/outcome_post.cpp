#include "connectors/outcome_post.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace nurtured::connectors {

void OutcomePost::tell(Done done, Outcome outcome) const {
  boost::asio::post(io_, [life = life(), done = std::move(done), outcome = std::move(outcome)] {
    if (!life.expired()) done(outcome);
  });
}

}  // namespace nurtured::connectors
