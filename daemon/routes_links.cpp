// What is behind the signed links in messages.
//
// /u/: unsubscribing as RFC 8058 has it. GET and HEAD show a page and change nothing, since mail
// scanners follow every link; POST acts at once, whatever its body says, is answered 200, and may
// be repeated.
//
// /d/, /p/ and /t/: the confirmation of a double opt-in, the preference page, and the touch that a
// QR code tells of. Likewise: only a POST acts.
//
// /c/ and /o/: a link that was followed and a picture that was loaded. The answer waits for the
// record to be on disk and goes out all the same when it cannot be written: nobody is kept from a
// page because we could not count them. HEAD is answered and not recorded.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/encoding.h"
#include "daemon/pages.h"
#include "daemon/routes_impl.h"
#include "daemon/visitor.h"
#include "http/url.h"
#include "rules/choices.h"
#include "rules/traits.h"

namespace nurtured::daemon {
namespace {

// How the contact's choices stand: what is offered are the channels that reach it.
Preferences preferences_of(const rules::Snapshot& known, const RouteSettings& settings,
                           PageLanguage language) {
  Preferences shown;
  const rules::Contact& contact = known.contact;
  for (const std::string& channel : settings.channels) {
    const auto address = contact.addresses.find(channel);
    if (address == contact.addresses.end()) continue;
    shown.channels.push_back({.name = channel,
                              .shown = channel_title(language, channel, address->second),
                              .is_wanted = settings.may_send(known, channel)});
  }
  for (const std::string& topic : settings.topics) {
    const bool is_declined = std::ranges::binary_search(contact.topics_declined, topic);
    shown.topics.push_back({.name = topic, .shown = topic, .is_wanted = !is_declined});
  }
  return shown;
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

// 303: what was a POST goes on as a GET (RFC 9110 section 15.4.4).
http::Response go_on_to(const std::string& url) {
  http::Response response = redirect_to(url);
  response.status = 303;
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

// Whether the unsubscribe that came after the message will stay, so that the page says so.
base::Result<bool> is_outdated(const RouteSettings& settings, rules::Choice choice,
                               rules::ContactId contact, const std::string& channel) {
  const auto known = settings.find_contact(contact);
  if (!known) return base::fail(known.error());
  if (!*known) return false;
  const auto consent = (*known)->contact.consents.find(channel);
  if (consent == (*known)->contact.consents.end()) return false;
  auto message = settings.find_delivery(choice.delivery);
  if (!message) return base::fail(message.error());
  choice.message = *std::move(message);
  return rules::is_overtaken(choice, consent->second);
}

}  // namespace

PageOptions Routes::Impl::page_for(const http::Request& request) const {
  const std::string_view accepted = request.headers.find("Accept-Language").value_or("");
  return {.language = page_language("", accepted), .brand = settings_->brand};
}

std::optional<LinkClaim> Routes::Impl::claim_of(const http::Request& request,
                                                std::string_view token, LinkPurpose purpose,
                                                PageOptions& page, http::Reply& reply) {
  if (!is_reading(request) && request.method != "POST") {
    reply.send(method_refused("GET, HEAD, POST"));
    return std::nullopt;
  }
  page = page_for(request);
  // Some mail programs encode what needs no encoding.
  const auto decoded = http::percent_decode(token);
  auto claim = settings_->links.verify(decoded.value_or(""), purpose);
  if (!claim) {
    reply.send(link_invalid(page));
    return std::nullopt;
  }
  if (!claim->locale.empty()) page.language = page_language(claim->locale, "");
  return *std::move(claim);
}

void Routes::Impl::act(EngineInput input, http::Reply reply, const PageOptions& page,
                       std::function<http::Response()> done) {
  std::vector<EngineInput> inputs;
  inputs.push_back(std::move(input));
  auto owed = std::make_shared<http::Reply>(std::move(reply));
  // The settings are kept for the brand in `page`.
  Done answer = [owed, page, settings = settings_, done = std::move(done)](
                    const base::Result<void>& outcome, http::ReplyBatch& replies) {
    replies.add(std::move(*owed), outcome ? done() : try_again_later(page));
  };
  if (!inbox_.submit(std::move(inputs), std::move(answer))) owed->send(try_again_later(page));
}

void Routes::Impl::unsubscribe(const http::Request& request, std::string_view token,
                               http::Reply reply) {
  PageOptions page;
  const auto claim = claim_of(request, token, LinkPurpose::unsubscribe, page, reply);
  if (!claim) return;
  if (request.method != "POST") return reply.send(unsubscribe_question(page));
  unsubscribes_.add();
  act(ContactInput{claim->contact, rules::Suppress{.scope = rules::SuppressionScope::marketing,
                                                   .reason = std::string(rules::unsubscribed),
                                                   .address = std::nullopt,
                                                   .channel = claim->channel,
                                                   .delivery = claim->delivery}},
      std::move(reply), page, [page] { return unsubscribe_done(page); });
}

void Routes::Impl::confirm(const http::Request& request, std::string_view token,
                           http::Reply reply) {
  PageOptions page;
  const auto claim = claim_of(request, token, LinkPurpose::confirm, page, reply);
  if (!claim) return;
  const auto own = settings_->consent.find(page_locale(page.language));
  const std::string wording = own == settings_->consent.end() ? consent_wording(page) : own->second;
  if (request.method != "POST") return reply.send(confirm_question(page, wording));
  rules::Choice choice{.source = std::string(rules::double_opt_in),
                       .delivery = claim->delivery,
                       .channels = {{claim->channel, true}},
                       .wording = wording,
                       .from = request.remote_address};
  const auto outdated = is_outdated(*settings_, choice, claim->contact, claim->channel);
  if (!outdated) {
    spdlog::warn("double opt-in: {}", base::to_string(outdated.error()));
    return reply.send(try_again_later(page));
  }
  act(ContactInput{claim->contact, std::move(choice)}, std::move(reply), page,
      [page, is_late = *outdated] {
        return is_late ? confirm_outdated(page) : confirm_done(page);
      });
}

void Routes::Impl::preferences(const http::Request& request, std::string_view token,
                               http::Reply reply) {
  PageOptions page;
  const auto claim = claim_of(request, token, LinkPurpose::preferences, page, reply);
  if (!claim) return;
  const auto settings = settings_;
  const auto known = settings->find_contact(claim->contact);
  if (!known) {
    spdlog::warn("preferences: {}", base::to_string(known.error()));
    return reply.send(try_again_later(page));
  }
  if (!*known) return reply.send(link_invalid(page));
  Preferences shown = preferences_of(**known, *settings, page.language);
  if (request.method != "POST") return reply.send(preference_page(page, shown));

  const auto form = http::parse_form(request.body);
  if (!form) return reply.send(preference_page(page, shown));
  rules::Choice choice{
      .source = std::string(rules::preferences),
      .wording = std::string(page_locale(page.language)) + ": " + "the preference page",
      .from = request.remote_address};
  const bool none = http::find(*form, "none") != nullptr;
  const auto choose = [&](std::string_view field, std::vector<PreferenceItem>& items,
                          std::vector<std::pair<std::string, bool>>& chosen) {
    for (PreferenceItem& item : items) {
      const http::Parameter wanted{.name = std::string(field), .value = item.name};
      item.is_wanted = !none && std::ranges::find(*form, wanted) != form->end();
      chosen.emplace_back(item.name, item.is_wanted);
    }
  };
  choose("channel", shown.channels, choice.channels);
  // Who wants nothing at all leaves the channels; the topics stay as they are for a return.
  if (!none) choose("topic", shown.topics, choice.topics);
  shown.is_saved = true;
  act(ContactInput{claim->contact, std::move(choice)}, std::move(reply), page,
      [page, shown = std::move(shown)] { return preference_page(page, shown); });
}

void Routes::Impl::touch(const http::Request& request, std::string_view token, http::Reply reply) {
  if (!is_reading(request) && request.method != "POST") {
    return reply.send(method_refused("GET, HEAD, POST"));
  }
  const PageOptions page = page_for(request);
  const auto decoded = http::percent_decode(token);
  const auto claim = settings_->links.verify_touch(decoded.value_or(""));
  const Instant now = clock_.now();
  if (!claim || (claim->until && *claim->until < now)) return reply.send(link_invalid(page));
  const bool asks = !claim->contact;
  if (request.method != "POST") return reply.send(touch_question(page, claim->note, asks));

  rules::Event event{.name = "touch.logged",
                     .properties = cel::Map{{"kind", claim->kind},
                                            {"place", "offline"},
                                            {"channel", "qr"},
                                            {"note", claim->note}},
                     .occurred_at = now,
                     .received_at = now,
                     .change = {}};
  // Whoever opens the page again and again was there once that day.
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  const auto once = [&](const std::string& who) {
    return store::dedup_key("touch", *decoded + " " + who + " " + std::to_string(today));
  };
  EngineInput input = ContactInput{claim->contact, event, once("")};
  if (asks) {
    const auto form = http::parse_form(request.body);
    const std::string* given = form ? http::find(*form, "email") : nullptr;
    const auto email = given == nullptr ? std::nullopt : rules::normal_email(*given);
    if (!email) return reply.send(touch_question(page, claim->note, asks));
    event.change.addresses.emplace_back("email", *email);
    input = EventInput{.who = {.address = rules::Address{"email", *email}},
                       .event = std::move(event),
                       .message_id = once(*email)};
  }
  act(std::move(input), std::move(reply), page,
      [page, url = claim->url] { return url.empty() ? touch_done(page) : go_on_to(url); });
}

void Routes::Impl::click(const http::Request& request, std::string_view token, http::Reply reply) {
  visit(request, token, rules::VisitKind::click, std::move(reply));
}

void Routes::Impl::open(const http::Request& request, std::string_view token, http::Reply reply) {
  visit(request, token, rules::VisitKind::open, std::move(reply));
}

void Routes::Impl::visit(const http::Request& request, std::string_view token,
                         rules::VisitKind kind, http::Reply reply) {
  if (!is_reading(request)) return reply.send(method_refused("GET, HEAD"));
  const auto settings = settings_;
  const auto decoded = http::percent_decode(token);
  const bool is_click = kind == rules::VisitKind::click;
  const auto claim = settings->links.verify_visit(
      decoded.value_or(""), is_click ? LinkPurpose::click : LinkPurpose::open);
  if (!claim) return reply.send(link_invalid(page_for(request)));
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
