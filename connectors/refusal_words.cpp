#include "connectors/refusal_words.h"

#include <string>

#include "base/encoding.h"
#include "connectors/mail_fields.h"

namespace nurtured::connectors {
namespace {

struct Words {
  std::string_view text;
  Blame blame;
};

// The first that is found decides.
constexpr Words known_words[] = {
    {"spam", Blame::policy},
    {"blocked", Blame::policy},
    {"block list", Blame::policy},
    {"blocklist", Blame::policy},
    {"blacklist", Blame::policy},
    {"black list", Blame::policy},
    {"denylist", Blame::policy},
    {"dnsbl", Blame::policy},
    {" rbl", Blame::policy},
    {"listed in", Blame::policy},
    {"listed at", Blame::policy},
    {"reputation", Blame::policy},
    {"unsolicited", Blame::policy},
    {"policy", Blame::policy},
    {"policies", Blame::policy},
    {"dmarc", Blame::policy},
    {"dkim", Blame::policy},
    {"spf ", Blame::policy},
    {"unauthenticated", Blame::policy},
    {"reverse dns", Blame::policy},
    {"ptr record", Blame::policy},
    {"sender address rejected", Blame::policy},
    {"sender rejected", Blame::policy},
    {"sender verify", Blame::policy},
    {"verification failed for", Blame::policy},
    {"callout", Blame::policy},
    {"banned", Blame::policy},
    {"suspicious", Blame::policy},
    {"complaint", Blame::policy},
    {"rate limit", Blame::policy},
    {"at a rate", Blame::policy},
    {"too quickly", Blame::policy},
    {"too many messages", Blame::policy},
    {"too many connections", Blame::policy},
    {"too many recipients", Blame::policy},
    {"frequency limited", Blame::policy},
    {"relay", Blame::policy},
    {"greylist", Blame::policy},
    {"graylist", Blame::policy},
    {"not authorized", Blame::policy},
    {"not permitted", Blame::policy},

    {"virus", Blame::content},
    {"malware", Blame::content},
    {"infected", Blame::content},
    {"message too large", Blame::content},
    {"message is too large", Blame::content},
    {"message size exceeds", Blame::content},
    {"message exceeded", Blame::content},
    {"message file too big", Blame::content},
    {"size limit exceeded", Blame::content},
    {"maximum message size", Blame::content},
    {"attachment", Blame::content},
    {"line too long", Blame::content},
    {"content rejected", Blame::content},

    {"mailbox full", Blame::mailbox},
    {"mailbox is full", Blame::mailbox},
    {"inbox is full", Blame::mailbox},
    {"mailfolder is full", Blame::mailbox},
    {"full mailbox", Blame::mailbox},
    {"over quota", Blame::mailbox},
    {"overquota", Blame::mailbox},
    {"over the quota", Blame::mailbox},
    {"quota exceeded", Blame::mailbox},
    {"exceeded quota", Blame::mailbox},
    {"quotaexceeded", Blame::mailbox},
    {"out of storage", Blame::mailbox},
    {"storage space", Blame::mailbox},
    {"exceeded storage", Blame::mailbox},
    {"insufficient storage", Blame::mailbox},
    {"insufficient system storage", Blame::mailbox},
    {"not enough storage", Blame::mailbox},
    {"mailbox size limit", Blame::mailbox},
    {"temporarily", Blame::mailbox},
    {"try again later", Blame::mailbox},
    {"timed out", Blame::mailbox},
    {"timeout exceeded", Blame::mailbox},
    {"message expired", Blame::mailbox},
    {"time expired", Blame::mailbox},
    {"queue too long", Blame::mailbox},
    {"connection refused", Blame::mailbox},

    {"user unknown", Blame::address},
    {"unknown user", Blame::address},
    {"recipient unknown", Blame::address},
    {"unknown recipient", Blame::address},
    {"unknown address", Blame::address},
    {"unknown mailbox", Blame::address},
    {"unknown or illegal alias", Blame::address},
    {"no such user", Blame::address},
    {"no such recipient", Blame::address},
    {"no such mailbox", Blame::address},
    {"no such address", Blame::address},
    {"no such person", Blame::address},
    {"no mailbox here", Blame::address},
    {"no mailbox by that name", Blame::address},
    {"user not found", Blame::address},
    {"not found by smtp address lookup", Blame::address},
    {"recipient not found", Blame::address},
    {"recipientnotfound", Blame::address},
    {"recipnotfound", Blame::address},
    {"mailbox not found", Blame::address},
    {"account not found", Blame::address},
    {"address not found", Blame::address},
    {"does not exist", Blame::address},
    {"doesn't exist", Blame::address},
    {"no longer exists", Blame::address},
    {"not exist", Blame::address},
    {"no longer valid", Blame::address},
    {"no longer available", Blame::address},
    {"no longer active", Blame::address},
    {"not a valid mailbox", Blame::address},
    {"not a valid recipient", Blame::address},
    {"not a known user", Blame::address},
    {"doesn't have a", Blame::address},  // "This user doesn't have a yahoo.com account"
    {"invalid recipient", Blame::address},
    {"invalid mailbox", Blame::address},
    {"invalid user", Blame::address},
    {"invalid address", Blame::address},
    {"mailbox unavailable", Blame::address},
    {"mailbox is unavailable", Blame::address},
    {"mailbox is disabled", Blame::address},
    {"mailbox disabled", Blame::address},
    {"account is disabled", Blame::address},
    {"account disabled", Blame::address},
    {"reach is disabled", Blame::address},
    {"reach is inactive", Blame::address},
    {"account is inactive", Blame::address},
    {"mailbox is inactive", Blame::address},
    {"inactive user", Blame::address},
    {"account has been disabled", Blame::address},
    {"user is terminated", Blame::address},
    {"user terminated", Blame::address},
    {"unrouteable address", Blame::address},
    {"unroutable address", Blame::address},
    {"couldn't find any host", Blame::address},
    {"host or domain name not found", Blame::address},
    {"host unknown", Blame::address},
    {"all relevant mx records point to non-existent hosts", Blame::address},
    {"null mx", Blame::address},
    {"nullmx", Blame::address},
    {"does not accept mail", Blame::address},
};

// In lower case, one blank between words, without what holds an "@" or "://": an address or a
// page's name may be made of any words.
std::string plain_words(std::string_view text) {
  std::string words = " ";
  while (!(text = base::trimmed(text)).empty()) {
    const std::size_t end = text.find_first_of(" \t\r\n");
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(word.size());
    if (word.find('@') != std::string_view::npos || word.find("://") != std::string_view::npos) {
      continue;
    }
    words += ascii_lower(word);
    words += ' ';
  }
  return words;
}

}  // namespace

std::optional<Blame> blame_by_words(std::string_view text) {
  const std::string words = plain_words(text);
  for (const Words& known : known_words) {
    if (words.find(known.text) != std::string::npos) return known.blame;
  }
  return std::nullopt;
}

}  // namespace nurtured::connectors
