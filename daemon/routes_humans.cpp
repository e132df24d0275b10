// /h/TOKEN, the page of a contact that a human has: what was said, a field to answer, and a way to
// give the contact back. Its link is told to the humans of `handoff.to` alone; only a POST acts.
#include <utility>

#include <spdlog/spdlog.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "daemon/chat_intake.h"
#include "daemon/contact_view.h"
#include "daemon/humans.h"
#include "daemon/pages.h"
#include "daemon/routes_impl.h"
#include "http/url.h"

namespace nurtured::daemon {
namespace {

// What is sent in one go: more than the 4,000 characters that the page lets in, in any script.
constexpr std::size_t answer_bytes_max = 16'384;

http::Response back_to(const std::string& path) {
  // 303: what was a POST goes on as a GET (RFC 9110 section 15.4.4), so that a reload repeats
  // nothing.
  http::Response response{.status = 303};
  response.headers.add("Location", path);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Talk talk_of(const rules::Snapshot& known, const std::vector<store::TimelineEntry>& timeline,
             const rules::Zone& zone, Instant now) {
  Talk talk{.name = headline(known.contact),
            .is_with_human = known.contact.handoff.has_value(),
            // Makes two posts of one page one message.
            .form = base::to_rfc3339(now)};
  for (const SaidLine& line : said_lines(timeline)) {
    talk.lines.push_back({.when = local_text(line.at, zone), .who = line.who, .what = line.what});
  }
  return talk;
}

}  // namespace

void Routes::Impl::human(const http::Request& request, std::string_view token, http::Reply reply) {
  if (!is_reading(request) && request.method != "POST") {
    return reply.send(method_refused("GET, HEAD, POST"));
  }
  const PageOptions page = page_for(request);
  const auto decoded = http::percent_decode(token);
  const auto claim = settings_->links.verify_answer(decoded.value_or(""));
  const Instant now = clock_.now();
  if (!claim || now - claim->asked > answer_link_max) return reply.send(link_invalid(page));
  if (request.method != "POST") {
    const auto known = settings_->find_contact(claim->contact);
    const auto timeline = settings_->timeline(claim->contact);
    if (!known || !timeline) {
      const base::Error& fault = known ? timeline.error() : known.error();
      spdlog::warn("answer: {}", base::to_string(fault));
      return reply.send(try_again_later(page));
    }
    if (!*known) return reply.send(link_invalid(page));
    return reply.send(answer_page(page, talk_of(**known, *timeline, *settings_->zone, now)));
  }
  const auto form = http::parse_form(request.body);
  const auto field = [&](std::string_view name) {
    const std::string* value = form ? http::find(*form, name) : nullptr;
    return value == nullptr ? std::string() : *value;
  };
  const std::string here = "/h/" + *decoded;
  const bool gives_back = !field("back").empty();
  const std::string text = field("text");
  if (text.size() > answer_bytes_max) {
    return reply.send(refusal_response(413, "the answer is too long; nothing was sent"));
  }
  if (!gives_back && text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return reply.send(back_to(here));
  }
  if (!base::is_utf8(text)) return reply.send(back_to(here));
  rules::Input input = rules::HandBack{.by = "link"};
  if (!gives_back) input = rules::HumanMessage{.text = text, .by = ""};
  const auto once = store::dedup_key(
      "answer", *decoded + " " + field("form") + " " + (gives_back ? "back" : text));
  act(ContactInput{claim->contact, std::move(input), once}, std::move(reply), page,
      [here] { return back_to(here); });
}

}  // namespace nurtured::daemon
