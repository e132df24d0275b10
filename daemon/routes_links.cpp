// What is behind the signed links in messages.
//
// /u/: unsubscribing as RFC 8058 has it. GET and HEAD show a page and change nothing, since mail
// scanners follow every link; POST acts at once, whatever its body says, is answered 200, and may
// be repeated.
//
// /c/ and /o/: a link that was followed and a picture that was loaded. The answer waits for the
// record to be on disk and goes out all the same when it cannot be written: nobody is kept from a
// page because we could not count them. HEAD is answered and not recorded.
#include <utility>

#include <spdlog/spdlog.h>

#include "base/encoding.h"
#include "daemon/pages.h"
#include "daemon/routes_impl.h"
#include "daemon/visitor.h"
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

// 302, so that the next visit comes by us again (RFC 9110 section 15.4.3).
http::Response redirect_to(const std::string& url) {
  http::Response response{.status = 302};
  response.headers.add("Location", url);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("X-Robots-Tag", "noindex, nofollow");
  return response;
}

// A transparent pixel, GIF89a.
http::Response invisible_picture() {
  static const std::string gif =
      *base::from_base64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");
  http::Response response;
  response.headers.add("Content-Type", "image/gif");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Robots-Tag", "noindex, nofollow");
  response.body = gif;
  return response;
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

void Routes::Impl::visit(const http::Request& request, std::string_view token,
                         rules::VisitKind kind, http::Reply reply) {
  if (!is_reading(request)) return reply.send(method_refused("GET, HEAD"));
  const auto settings = settings_;
  const auto decoded = http::percent_decode(token);
  const bool is_click = kind == rules::VisitKind::click;
  const auto claim = settings->links.verify_visit(
      decoded.value_or(""), is_click ? LinkPurpose::click : LinkPurpose::open);
  if (!claim) {
    const std::string_view accepted = request.headers.find("Accept-Language").value_or("");
    return reply.send(
        link_invalid({.language = page_language("", accepted), .brand = settings->brand}));
  }
  http::Response answer = is_click ? redirect_to(claim->url) : invisible_picture();
  if (request.method == "HEAD") return reply.send(std::move(answer));

  rules::Visit visit{.kind = kind,
                     .delivery = claim->delivery,
                     .link = claim->link,
                     .url = claim->url,
                     .machine = std::string(machine_reason(request.headers, kind))};
  (is_click ? clicks_ : opens_).add();
  std::vector<EngineInput> inputs;
  inputs.emplace_back(
      ContactInput{.contact = contact_of(claim->delivery), .input = std::move(visit)});
  auto owed =
      std::make_shared<std::pair<http::Reply, http::Response>>(std::move(reply), std::move(answer));
  Done done = [owed](const base::Result<void>& outcome, http::ReplyBatch& replies) {
    if (!outcome) spdlog::warn("a visit was not recorded: {}", base::to_string(outcome.error()));
    replies.add(std::move(owed->first), std::move(owed->second));
  };
  if (!inbox_.submit(std::move(inputs), std::move(done))) {
    spdlog::warn("a visit was not recorded: the inbox is full");
    owed->first.send(std::move(owed->second));
  }
}

}  // namespace nurtured::daemon
