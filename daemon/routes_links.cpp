// What is behind the signed links in messages: unsubscribing as RFC 8058 has it. GET and HEAD show
// a page and change nothing, since mail scanners follow every link; POST acts at once, whatever its
// body says, is answered 200, and may be repeated.
#include <utility>

#include "base/encoding.h"
#include "daemon/pages.h"
#include "daemon/routes_impl.h"
#include "http/url.h"

namespace nurtured::daemon {
namespace {

std::vector<EngineInput> unsubscribe_input(const LinkClaim& claim) {
  std::vector<EngineInput> inputs;
  inputs.emplace_back(
      ContactInput{.contact = claim.contact,
                   .input = rules::Suppress{.scope = rules::SuppressionScope::marketing,
                                            .reason = "unsubscribed",
                                            .address = std::nullopt,
                                            .channel = claim.channel,
                                            .delivery = claim.delivery}});
  return inputs;
}

}  // namespace

void Routes::Impl::unsubscribe(const http::Request& request, std::string_view token,
                               http::Reply reply) {
  if (!is_reading(request) && request.method != "POST") {
    return reply.send(method_refused("GET, HEAD, POST"));
  }
  const auto settings = settings_;
  const std::string_view accepted = request.headers.find("Accept-Language").value_or("");
  PageOptions page{.language = page_language("", accepted), .brand = settings->brand};
  // Some mail programs encode what needs no encoding.
  const auto decoded = http::percent_decode(token);
  const auto claim = settings->links.verify(decoded.value_or(""), LinkPurpose::unsubscribe);
  if (!claim) return reply.send(link_invalid(page));
  page.language = page_language(claim->locale, accepted);
  if (request.method != "POST") return reply.send(unsubscribe_question(page));

  unsubscribes_.add();
  auto owed = std::make_shared<http::Reply>(std::move(reply));
  // The settings are kept for the brand in `page`.
  Done done = [owed, page, settings](const base::Result<void>& outcome, http::ReplyBatch& replies) {
    replies.add(std::move(*owed), outcome ? unsubscribe_done(page) : try_again_later(page));
  };
  if (!inbox_.submit(unsubscribe_input(*claim), std::move(done))) {
    owed->send(try_again_later(page));
  }
}

}  // namespace nurtured::daemon
