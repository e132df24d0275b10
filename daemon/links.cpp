#include "daemon/links.h"

#include <algorithm>
#include <stdexcept>

#include "base/digest.h"
#include "base/encoding.h"

// A token, before base64url; stored in every message that was sent, so it must never change:
//   1   version
//   1   purpose
//   4   key id
//       the claim; of a page
//   8     contact, big-endian
//   1+n   channel, delivery, locale: each its length and its bytes
//       of a visit
//   1+n   delivery, link: likewise
//   2+n   url: its length, big-endian, and its bytes
//       of a touch
//   8     contact, or 0
//   1+n   kind, note: likewise
//   2+n   url
//   8     until in Unix seconds, or 0
//       of a start
//   8     contact
//       of an answer
//   8     contact
//   8     asked in Unix seconds
//   16  the first bytes of HMAC-SHA256 over all before
namespace nurtured::daemon {
namespace {

constexpr char version = 1;
constexpr std::size_t key_id_bytes = 4;
constexpr std::size_t number_bytes = 8;
constexpr std::size_t url_size_bytes = 2;
// 128 bits: guessing is hopeless, and the URL stays short.
constexpr std::size_t mac_bytes = 16;

std::string_view first_bytes(const base::Sha256& digest, std::size_t count) {
  return base::view(digest).substr(0, count);
}

void append_text(std::string& out, std::string_view text) {
  out += static_cast<char>(text.size());
  out += text;
}

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

// Takes what append_* wrote off the front of `rest_`. The bytes are signed, so a fault here is one
// of ours or a lucky guess; either way there is no claim.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  std::string_view bytes(std::size_t count) {
    if (rest_.size() < count) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    for (const char byte : bytes(count)) value = (value << 8U) | static_cast<unsigned char>(byte);
    return value;
  }

  std::string text(std::size_t size_bytes = 1) { return std::string(bytes(number(size_bytes))); }

  bool read_all() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string_view if_short(std::string_view text) {
  return text.size() <= link_field_bytes_max ? text : std::string_view();
}

tl::unexpected<base::Error> denied() {
  return base::fail(base::ErrorKind::denied, "the link is not valid");
}

}  // namespace

LinkSigner::LinkSigner(const std::vector<config::Secret>& keys) {
  if (keys.empty()) throw std::invalid_argument("LinkSigner: no key");
  for (const auto& key : keys) {
    const base::Sha256 id = base::hmac_sha256(key.reveal(), "nurtured link key id");
    const base::Sha256 secret = base::hmac_sha256(key.reveal(), "nurtured link secret");
    keys_.push_back({.id = std::string(first_bytes(id, key_id_bytes)),
                     .secret = std::string(base::view(secret))});
  }
}

const LinkSigner::Key* LinkSigner::find(std::string_view id) const {
  const auto found = std::ranges::find(keys_, id, &Key::id);
  return found == keys_.end() ? nullptr : &*found;
}

std::string LinkSigner::seal(LinkPurpose purpose, std::string_view claim) const {
  const Key& key = keys_.front();
  std::string token;
  token += version;
  token += static_cast<char>(purpose);
  token += key.id;
  token += claim;
  token += first_bytes(base::hmac_sha256(key.secret, token), mac_bytes);
  return base::to_base64url(token);
}

base::Result<std::string> LinkSigner::unseal(std::string_view token, LinkPurpose purpose) const {
  if (token.size() > link_token_bytes_max) return denied();
  const auto decoded = base::from_base64url(token);
  if (!decoded || decoded->size() < mac_bytes) return denied();
  const std::string_view all = *decoded;
  const std::string_view claimed = all.substr(0, all.size() - mac_bytes);
  Reader reader(claimed);
  const std::string_view head = reader.bytes(2);
  const Key* key = find(reader.bytes(key_id_bytes));
  if (key == nullptr) return denied();
  const base::Sha256 mac = base::hmac_sha256(key->secret, claimed);
  if (!base::equal_constant_time(first_bytes(mac, mac_bytes), all.substr(claimed.size()))) {
    return denied();
  }
  if (head != std::string{version, static_cast<char>(purpose)}) return denied();
  return std::string(claimed.substr(head.size() + key_id_bytes));
}

std::string LinkSigner::sign(LinkPurpose purpose, const LinkClaim& claim) const {
  if (claim.channel.size() > link_field_bytes_max) {
    throw std::length_error("LinkSigner: the channel's name is too long");
  }
  std::string sealed;
  append_number(sealed, static_cast<std::uint64_t>(claim.contact.value), number_bytes);
  append_text(sealed, claim.channel);
  append_text(sealed, if_short(claim.delivery));
  append_text(sealed, if_short(claim.locale));
  return seal(purpose, sealed);
}

base::Result<LinkClaim> LinkSigner::verify(std::string_view token, LinkPurpose purpose) const {
  const auto sealed = unseal(token, purpose);
  if (!sealed) return base::fail(sealed.error());
  Reader reader(*sealed);
  LinkClaim claim;
  claim.contact = {static_cast<std::int64_t>(reader.number(number_bytes))};
  claim.channel = reader.text();
  claim.delivery = reader.text();
  claim.locale = reader.text();
  if (!reader.read_all() || !claim.contact || claim.channel.empty()) return denied();
  return claim;
}

std::optional<std::string> LinkSigner::sign(LinkPurpose purpose, const VisitClaim& claim) const {
  if (claim.delivery.size() > link_field_bytes_max || claim.link.size() > link_field_bytes_max ||
      claim.url.size() > link_url_bytes_max) {
    return std::nullopt;
  }
  std::string sealed;
  append_text(sealed, claim.delivery);
  append_text(sealed, claim.link);
  append_number(sealed, claim.url.size(), url_size_bytes);
  sealed += claim.url;
  return seal(purpose, sealed);
}

base::Result<VisitClaim> LinkSigner::verify_visit(std::string_view token,
                                                  LinkPurpose purpose) const {
  const auto sealed = unseal(token, purpose);
  if (!sealed) return base::fail(sealed.error());
  Reader reader(*sealed);
  VisitClaim claim;
  claim.delivery = reader.text();
  claim.link = reader.text();
  claim.url = reader.text(url_size_bytes);
  if (!reader.read_all() || claim.delivery.empty()) return denied();
  return claim;
}

std::optional<std::string> LinkSigner::sign(const TouchClaim& claim) const {
  if (claim.kind.size() > link_field_bytes_max || claim.note.size() > link_field_bytes_max ||
      claim.url.size() > link_url_bytes_max) {
    return std::nullopt;
  }
  std::string sealed;
  append_number(sealed, static_cast<std::uint64_t>(claim.contact.value), number_bytes);
  append_text(sealed, claim.kind);
  append_text(sealed, claim.note);
  append_number(sealed, claim.url.size(), url_size_bytes);
  sealed += claim.url;
  const auto until = claim.until ? std::chrono::floor<std::chrono::seconds>(*claim.until)
                                 : std::chrono::sys_seconds{};
  append_number(sealed, static_cast<std::uint64_t>(until.time_since_epoch().count()), number_bytes);
  return seal(LinkPurpose::touch, sealed);
}

base::Result<TouchClaim> LinkSigner::verify_touch(std::string_view token) const {
  const auto sealed = unseal(token, LinkPurpose::touch);
  if (!sealed) return base::fail(sealed.error());
  Reader reader(*sealed);
  TouchClaim claim;
  claim.contact = {static_cast<std::int64_t>(reader.number(number_bytes))};
  claim.kind = reader.text();
  claim.note = reader.text();
  claim.url = reader.text(url_size_bytes);
  const auto until = static_cast<std::int64_t>(reader.number(number_bytes));
  if (until != 0) claim.until = Instant{std::chrono::seconds{until}};
  if (!reader.read_all() || claim.kind.empty()) return denied();
  return claim;
}

std::string LinkSigner::sign_start(rules::ContactId contact) const {
  std::string sealed;
  append_number(sealed, static_cast<std::uint64_t>(contact.value), number_bytes);
  return seal(LinkPurpose::start, sealed);
}

base::Result<rules::ContactId> LinkSigner::verify_start(std::string_view token) const {
  const auto sealed = unseal(token, LinkPurpose::start);
  if (!sealed) return base::fail(sealed.error());
  Reader reader(*sealed);
  const rules::ContactId contact{static_cast<std::int64_t>(reader.number(number_bytes))};
  if (!reader.read_all() || !contact) return denied();
  return contact;
}

std::string LinkSigner::sign(const AnswerClaim& claim) const {
  std::string sealed;
  append_number(sealed, static_cast<std::uint64_t>(claim.contact.value), number_bytes);
  const auto asked = std::chrono::floor<std::chrono::seconds>(claim.asked);
  append_number(sealed, static_cast<std::uint64_t>(asked.time_since_epoch().count()), number_bytes);
  return seal(LinkPurpose::answer, sealed);
}

base::Result<AnswerClaim> LinkSigner::verify_answer(std::string_view token) const {
  const auto sealed = unseal(token, LinkPurpose::answer);
  if (!sealed) return base::fail(sealed.error());
  Reader reader(*sealed);
  AnswerClaim claim;
  claim.contact = {static_cast<std::int64_t>(reader.number(number_bytes))};
  claim.asked =
      Instant{std::chrono::seconds{static_cast<std::int64_t>(reader.number(number_bytes))}};
  if (!reader.read_all() || !claim.contact) return denied();
  return claim;
}

std::string page_url(const LinkSigner& signer, LinkPurpose purpose, std::string_view public_url,
                     const LinkClaim& claim) {
  std::string_view path = "/u/";
  if (purpose == LinkPurpose::preferences) path = "/p/";
  if (purpose == LinkPurpose::confirm) path = "/d/";
  return std::string(public_url).append(path).append(signer.sign(purpose, claim));
}

}  // namespace nurtured::daemon
