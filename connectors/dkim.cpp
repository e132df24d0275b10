#include "connectors/dkim.h"

#include <array>
#include <optional>
#include <ranges>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "connectors/dkim_canonical.h"
#include "connectors/mail_fields.h"

namespace nurtured::connectors {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr int rsa_bits_min = 1024;  // RFC 8301 section 3.2

struct SignedHeader {
  std::string_view name;
  bool once_more =
      false;  // signed as absent beyond those that are there, so that none can be added
};

// RFC 6376 section 5.4.1, and what RFC 8058 and Gmail's feedback loop want signed.
constexpr auto signed_headers = std::to_array<SignedHeader>({{"From", true},
                                                             {"To", true},
                                                             {"Cc"},
                                                             {"Subject", true},
                                                             {"Date", true},
                                                             {"Reply-To", true},
                                                             {"Message-ID", true},
                                                             {"In-Reply-To"},
                                                             {"References"},
                                                             {"MIME-Version"},
                                                             {"Content-Type"},
                                                             {"Content-Transfer-Encoding"},
                                                             {"List-Id"},
                                                             {"List-Unsubscribe"},
                                                             {"List-Unsubscribe-Post"},
                                                             {"Feedback-ID"},
                                                             {"Auto-Submitted"}});

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;

// Null for what is no private key that can sign.
PrivateKey read_key(const config::Secret& pem) {
  const std::string& text = pem.reveal();
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // No pass phrase is asked for on a terminal.
  const auto no_pass = [](char*, int, int, void*) { return 0; };
  PrivateKey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass, nullptr) : nullptr);
  if (!key || EVP_PKEY_base_id(key.get()) == EVP_PKEY_ED25519) return key;
  const bool is_rsa = EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA;
  if (!is_rsa || EVP_PKEY_bits(key.get()) < rsa_bits_min) key.reset();
  return key;
}

bool is_ed25519(const EVP_PKEY* key) {
  return EVP_PKEY_base_id(key) == EVP_PKEY_ED25519;
}

// rsa-sha256 (RFC 6376 section 3.3.1), or ed25519-sha256, which signs the hash (RFC 8463 section
// 3).
Result<std::string> signature_of(EVP_PKEY* key, const std::string& data) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  const base::Sha256 hash = base::sha256(data);
  const bool signs_hash = is_ed25519(key);
  const std::string_view input = signs_hash ? base::view(hash) : std::string_view(data);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  bool done = context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, signs_hash ? nullptr : EVP_sha256(),
                                 nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) == 1;
  std::string signature(size, '\0');
  done = done && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes, input.size()) == 1;
  if (!done) return fail(ErrorKind::internal, "the mail cannot be signed");
  signature.resize(size);
  return signature;
}

// Selectors and domains stand in a header.
bool is_dns_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string_view::npos;
}

std::optional<DkimKey> read_one(config::Section section, std::string_view from_domain) {
  const std::size_t faults = section.problems().errors();
  DkimKey key;
  key.domain = section.text("domain").value_or(std::string(from_domain));
  section.require("selector", "the public key is at SELECTOR._domainkey.DOMAIN");
  key.selector = section.text("selector").value_or("");
  section.require("key", "write ${credential:NAME}, and put the private key there");
  key.key = section.secret("key").value_or(config::Secret());
  if (!key.domain.empty() && !is_dns_name(key.domain)) {
    section.error("domain", "this is no domain", "write example.org");
  }
  if (!key.selector.empty() && !is_dns_name(key.selector)) {
    section.error("selector", "this is no selector", "write letters, digits and dots");
  }
  const bool is_known = !key.key.empty() && !config::refers_to_secret(key.key.reveal());
  if (is_known && !read_key(key.key)) {
    section.error("key", "this is no private key that can sign",
                  "make one by `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, or "
                  "by `-algorithm ed25519`");
  }
  section.finish();
  if (section.problems().errors() != faults) return std::nullopt;
  return key;
}

// What of a mail is signed, whoever signs it.
struct Canonical {
  std::string names;    // of the headers, as h= has them
  std::string headers;  // each with its line end
  std::string body_hash;
};

Canonical canonical(const MailParts& mail) {
  Canonical out;
  const auto add_name = [&](std::string_view name) {
    if (!out.names.empty()) out.names += ":";
    out.names += name;
  };
  for (const SignedHeader& wanted : signed_headers) {
    const std::string name = ascii_lower(wanted.name);
    // Of several of one name the last comes first (RFC 6376 section 5.4.2).
    for (const MailHeader& header : std::views::reverse(mail.headers)) {
      if (ascii_lower(base::trimmed(header.name)) != name) continue;
      add_name(wanted.name);
      out.headers += relaxed_header(header.name, header.value) + "\r\n";
    }
    if (wanted.once_more) add_name(wanted.name);
  }
  out.body_hash = base::to_base64(base::view(base::sha256(relaxed_body(mail.body))));
  return out;
}

// Lines of a header stay below 78 characters (RFC 5322 section 2.1.1): `text` with folds after
// every `after`, or anywhere where that is 0.
std::string folded(std::string_view text, char after) {
  constexpr std::size_t line_max = 70;
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    ++column;
    const std::size_t next = after == 0 ? i + 2 : text.find(after, i + 1);
    const std::size_t ahead = std::min(next, text.size()) - i;
    if ((after == 0 || text[i] == after) && column + ahead > line_max && i + 1 < text.size()) {
      out += "\r\n\t";
      column = 0;
    }
  }
  return out;
}

}  // namespace

class DkimSigner::Impl {
 public:
  struct Signer {
    DkimKey key;
    PrivateKey secret;
  };

  explicit Impl(std::vector<Signer> signers) : signers_(std::move(signers)) {}

  Result<std::string> sign(std::string_view mail) const {
    const MailParts parts = split_mail(mail);
    if (parts.headers.empty()) return fail("what is to be signed is no mail");
    const Canonical signed_text = canonical(parts);
    std::string signatures;
    for (const Signer& signer : signers_) {
      auto signature = sign_with(signer, signed_text);
      if (!signature) return signature;
      signatures += *signature;
    }
    return signatures.append(mail);
  }

 private:
  static Result<std::string> sign_with(const Signer& signer, const Canonical& mail) {
    std::string value = " v=1; a=";
    value += is_ed25519(signer.secret.get()) ? "ed25519-sha256" : "rsa-sha256";
    value += "; c=relaxed/relaxed;\r\n\td=" + signer.key.domain + "; s=" + signer.key.selector;
    value += ";\r\n\th=" + folded(mail.names, ':') + ";\r\n\tbh=" + mail.body_hash;
    value += ";\r\n\tb=";
    auto signature =
        signature_of(signer.secret.get(), mail.headers + relaxed_header("DKIM-Signature", value));
    if (!signature) return signature;
    return "DKIM-Signature:" + value + folded(base::to_base64(*signature), 0) + "\r\n";
  }

  std::vector<Signer> signers_;
};

DkimSigner::DkimSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DkimSigner::DkimSigner(DkimSigner&&) noexcept = default;
DkimSigner::~DkimSigner() = default;

Result<DkimSigner> DkimSigner::make(std::vector<DkimKey> keys) {
  std::vector<Impl::Signer> signers;
  for (DkimKey& key : keys) {
    PrivateKey secret = read_key(key.key);
    if (!secret) return fail("the key of selector " + key.selector + " cannot sign");
    signers.push_back({std::move(key), std::move(secret)});
  }
  return DkimSigner(std::make_unique<Impl>(std::move(signers)));
}

Result<std::string> DkimSigner::sign(std::string_view mail) const {
  return impl_->sign(mail);
}

std::vector<DkimKey> read_dkim(config::Section& section, std::string_view from_domain) {
  std::vector<DkimKey> keys;
  const config::Node* const node = section.node("dkim");
  if (node == nullptr) return keys;
  const std::string name = section.name() + ".dkim";
  const auto read = [&](const config::Node& one) {
    auto key = read_one({one, name, section.problems(), section.secrets()}, from_domain);
    if (key) keys.push_back(*std::move(key));
  };
  if (node->kind != config::Node::Kind::list) {
    read(*node);
  } else {
    for (const config::Node& one : node->items) read(one);
  }
  return keys;
}

}  // namespace nurtured::connectors
