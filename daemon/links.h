// Signed tokens for the links in messages: who may do what, without a login and without a table. A
// token names one contact and one delivery and works for one purpose alone. HMAC-SHA256, several
// keys for rotation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "config/secret.h"
#include "rules/contact.h"

namespace nurtured::daemon {

using base::Instant;

// Part of the token: values must never change.
enum class LinkPurpose : std::uint8_t {
  unsubscribe = 1,
  click = 2,
  open = 3,
  preferences = 4,
  confirm = 5,
  touch = 6,
  start = 7,
  answer = 8,
};

// What the token of a page says. It holds no address, since URLs end up in logs.
struct LinkClaim {
  rules::ContactId contact;
  std::string channel;
  std::string delivery;  // key of the delivery that carried the link; may be empty
  std::string locale;    // of the pages behind the link; may be empty
  bool operator==(const LinkClaim&) const = default;
};

// What the token of a link or of the picture that tells of an opening says: that this delivery held
// this very destination. The destination is inside, so that a redirect needs no table, outlives a
// restored backup, and can never lead elsewhere.
struct VisitClaim {
  std::string delivery;  // its key names the contact
  std::string link;      // content::Links' id; empty for an opening
  std::string url;       // empty for an opening
  bool operator==(const VisitClaim&) const = default;
};

// What the token behind a QR code says: whoever opens its page was there.
struct TouchClaim {
  rules::ContactId contact;      // none: whoever comes tells their address
  std::string kind;              // as `touch add` has it: meeting, visit, talk
  std::string note;              // what of: "spring fair"
  std::string url;               // where the page leads on to; may be empty
  std::optional<Instant> until;  // to the second
  bool operator==(const TouchClaim&) const = default;
};

// What a human's link to a contact says, and a reply to what they were told: whom to answer, and to
// what.
struct AnswerClaim {
  rules::ContactId contact;
  Instant asked;  // to the second
  bool operator==(const AnswerClaim&) const = default;
};

inline constexpr std::size_t link_field_bytes_max = 100;   // of each text of a claim but the URL
inline constexpr std::size_t link_url_bytes_max = 2000;    // of the URL
inline constexpr std::size_t link_token_bytes_max = 3200;  // the longest, in base64url

class LinkSigner {
 public:
  // The first key signs, all verify. There must be one.
  explicit LinkSigner(const std::vector<config::Secret>& keys);

  // A token in base64url, without padding. It does not expire: an unsubscribe link must work for
  // years (trust.md). A text longer than link_field_bytes_max is left out, for only the contact and
  // the channel decide; a channel that long is a bug.
  std::string sign(LinkPurpose purpose, const LinkClaim& claim) const;

  // `denied` for everything that one of the keys did not sign for this purpose; the error never
  // says why.
  base::Result<LinkClaim> verify(std::string_view token, LinkPurpose purpose) const;

  // Likewise for `click` and `open`. nullopt where a text is longer than its limit: such a link is
  // left as it is.
  std::optional<std::string> sign(LinkPurpose purpose, const VisitClaim& claim) const;
  base::Result<VisitClaim> verify_visit(std::string_view token, LinkPurpose purpose) const;

  // Likewise for `touch`. Whether `until` has passed is the caller's to judge.
  std::optional<std::string> sign(const TouchClaim& claim) const;
  base::Result<TouchClaim> verify_touch(std::string_view token) const;

  // Likewise for `start`: who follows a link to a bot. Short enough for every messenger's payload.
  std::string sign_start(rules::ContactId contact) const;
  base::Result<rules::ContactId> verify_start(std::string_view token) const;

  // Likewise for `answer`. How long it holds is the caller's to judge.
  std::string sign(const AnswerClaim& claim) const;
  base::Result<AnswerClaim> verify_answer(std::string_view token) const;

 private:
  struct Key {
    std::string id;  // key_id_bytes of the key's hash: tells verify which key to try
    std::string
        secret;  // derived from the configured key, so that no other use of it can make tokens
  };
  const Key* find(std::string_view id) const;
  std::string seal(LinkPurpose purpose, std::string_view claim) const;
  base::Result<std::string> unseal(std::string_view token, LinkPurpose purpose) const;
  std::vector<Key> keys_;
};

// PUBLIC_URL/u/TOKEN, what List-Unsubscribe (RFC 2369, RFC 8058) and the footer of a message hold;
// /p/TOKEN, the preference page; /d/TOKEN, the confirmation of a double opt-in. For those three
// purposes.
std::string page_url(const LinkSigner& signer, LinkPurpose purpose, std::string_view public_url,
                     const LinkClaim& claim);

}  // namespace nurtured::daemon
