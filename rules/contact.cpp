#include "rules/contact.h"

#include <algorithm>

namespace nurtured::rules {

std::string to_key(const Address& address) {
  std::string key = address.channel + ":" + address.value;
  if (address.channel == "email") {
    // A mailbox's local part may be case-sensitive by RFC 5321, but no provider of note makes two
    // of one.
    std::ranges::transform(key, key.begin(), [](char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
  }
  return key;
}

bool is_unsubscribed(const Consent& consent) {
  return !consent.given && (consent.source == unsubscribed || consent.source == complained);
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::handoff:
      return "handoff";
    case Reason::suppressed:
      return "suppressed";
    case Reason::consent:
      return "consent";
    case Reason::unreachable:
      return "unreachable";
    case Reason::touches:
      return "touches";
    case Reason::mix:
      return "mix";
    case Reason::cap:
      return "cap";
    case Reason::quiet:
      return "quiet";
    case Reason::muted:
      return "muted";
    case Reason::in_flight:
      return "in_flight";
    case Reason::paused:
      return "paused";
    case Reason::deferred:
      return "deferred";
    case Reason::only_to:
      return "only_to";
    case Reason::expired:
      return "expired";
    case Reason::hold:
      return "hold";
    case Reason::late:
      return "late";
    case Reason::withdrawn:
      return "withdrawn";
    case Reason::refused:
      return "refused";
    case Reason::uncertain:
      return "uncertain";
    case Reason::failed:
      return "failed";
  }
  return "";
}

namespace {

std::string key_of(ContactId contact, const auto& sent, std::string_view channel) {
  return std::to_string(contact.value) + "." + std::to_string(sent.enrollment) + "." +
         std::to_string(sent.step) + "." + std::to_string(sent.turn) + "." + std::string(channel);
}

}  // namespace

std::string delivery_key(ContactId contact, const Pending& pending, const std::string& channel) {
  return key_of(contact, pending, channel);
}
// A step sends or calls, never both: no channel's name can make the two one.
std::string delivery_key(ContactId contact, const Call& call) {
  return key_of(contact, call, "do");
}

}  // namespace nurtured::rules
