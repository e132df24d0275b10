#include "connectors/dkim.h"

#include <array>
#include <new>
#include <optional>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>

// libopendkim's header asks for C++ linkage and forgets that C++ has another name for C's type.
#define _Bool bool  // NOLINT(bugprone-reserved-identifier)
#include <opendkim/dkim.h>
#undef _Bool

#include "connectors/mail_fields.h"

namespace nurtured::connectors {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr int rsa_bits_min = 1024;  // RFC 8301 section 3.2
// "DKIM-Signature: ": libopendkim folds the header's lines with it in mind.
constexpr std::string_view header_name = "DKIM-Signature: ";

// RFC 6376 section 5.4.1, and what RFC 8058 and Gmail's feedback loop want signed.
constexpr std::array<const char*, 18> signed_headers = {"From",
                                                        "To",
                                                        "Cc",
                                                        "Subject",
                                                        "Date",
                                                        "Reply-To",
                                                        "Message-ID",
                                                        "In-Reply-To",
                                                        "References",
                                                        "MIME-Version",
                                                        "Content-Type",
                                                        "Content-Transfer-Encoding",
                                                        "List-Id",
                                                        "List-Unsubscribe",
                                                        "List-Unsubscribe-Post",
                                                        "Feedback-ID",
                                                        "Auto-Submitted",
                                                        nullptr};
constexpr std::array<const char*, 7> oversigned_headers = {
    "From", "To", "Subject", "Date", "Reply-To", "Message-ID", nullptr};

struct CloseLibrary {
  void operator()(DKIM_LIB* library) const { dkim_close(library); }
};
struct FreeMessage {
  void operator()(DKIM* message) const { dkim_free(message); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Library = std::unique_ptr<DKIM_LIB, CloseLibrary>;
using Message = std::unique_ptr<DKIM, FreeMessage>;

// libopendkim reads only and takes no const.
unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
}

std::optional<dkim_alg_t> algorithm_of(const config::Secret& pem) {
  const std::string& text = pem.reveal();
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // No pass phrase is asked for on a terminal.
  const auto no_pass = [](char*, int, int, void*) { return 0; };
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass, nullptr) : nullptr);
  if (!key) return std::nullopt;
  if (EVP_PKEY_base_id(key.get()) == EVP_PKEY_ED25519) return DKIM_SIGN_ED25519SHA256;
  const bool is_rsa = EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA;
  if (!is_rsa || EVP_PKEY_bits(key.get()) < rsa_bits_min) return std::nullopt;
  return DKIM_SIGN_RSASHA256;
}

Library open_library() {
  Library library(dkim_init(nullptr, nullptr));
  if (!library) throw std::bad_alloc();
  const auto set = [&](int option, const char* const* names) {
    const DKIM_STAT status =
        dkim_options(library.get(), DKIM_OP_SETOPT, static_cast<dkim_opts_t>(option),
                     static_cast<void*>(const_cast<const char**>(names)), sizeof(const char**));
    if (status != DKIM_STAT_OK) throw std::bad_alloc();
  };
  set(DKIM_OPTS_SIGNHDRS, signed_headers.data());
  set(DKIM_OPTS_OVERSIGNHDRS, oversigned_headers.data());
  return library;
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
  if (is_known && !algorithm_of(key.key)) {
    section.error("key", "this is no private key that can sign",
                  "make one by `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, or "
                  "by `-algorithm ed25519`");
  }
  section.finish();
  if (section.problems().errors() != faults) return std::nullopt;
  return key;
}

}  // namespace

class DkimSigner::Impl {
 public:
  explicit Impl(std::vector<std::pair<DkimKey, dkim_alg_t>> keys) : keys_(std::move(keys)) {}

  Result<std::string> sign(std::string_view mail) const {
    std::string signatures;
    for (const auto& [key, algorithm] : keys_) {
      auto signature = sign_with(key, algorithm, mail);
      if (!signature) return signature;
      signatures += *signature;
    }
    return signatures.append(mail);
  }

 private:
  Result<std::string> sign_with(const DkimKey& key, dkim_alg_t algorithm,
                                std::string_view mail) const {
    // libopendkim ends the process over what is no mail.
    const std::size_t end = mail.find("\r\n\r\n");
    if (end == std::string_view::npos || end == 0 || mail.starts_with("\r\n")) {
      return fail("what is to be signed is no mail");
    }
    DKIM_STAT status = DKIM_STAT_OK;
    const Message message(dkim_sign(library_.get(), bytes("mail"), nullptr, bytes(key.key.reveal()),
                                    bytes(key.selector), bytes(key.domain), DKIM_CANON_RELAXED,
                                    DKIM_CANON_RELAXED, algorithm, -1L, &status));
    if (!message) return failed(status);
    std::string_view headers = mail.substr(0, end + 2);
    const std::string_view body = mail.substr(end + 4);
    while (status == DKIM_STAT_OK && !headers.empty()) {
      const std::string_view header = take_header(headers);
      status = dkim_header(message.get(), bytes(header), header.size());
    }
    if (status == DKIM_STAT_OK) status = dkim_eoh(message.get());
    if (status == DKIM_STAT_OK) status = dkim_body(message.get(), bytes(body), body.size());
    if (status == DKIM_STAT_OK) status = dkim_eom(message.get(), nullptr);
    unsigned char* text = nullptr;
    std::size_t size = 0;
    if (status == DKIM_STAT_OK) {
      status = dkim_getsighdr_d(message.get(), header_name.size(), &text, &size);
    }
    if (status != DKIM_STAT_OK) return failed(status);
    std::string signature(header_name);
    for (const char c : std::string_view(reinterpret_cast<const char*>(text), size)) {
      if (c == '\n' && signature.back() != '\r') signature += '\r';
      signature += c;
    }
    return signature + "\r\n";
  }

  // A header with the lines that continue it, without its last line end.
  static std::string_view take_header(std::string_view& headers) {
    std::size_t end = headers.find("\r\n");
    while (end != std::string_view::npos && end + 2 < headers.size() &&
           (headers[end + 2] == ' ' || headers[end + 2] == '\t')) {
      end = headers.find("\r\n", end + 2);
    }
    const std::string_view header = headers.substr(0, end);
    headers.remove_prefix(end == std::string_view::npos ? headers.size() : end + 2);
    return header;
  }

  static tl::unexpected<base::Error> failed(DKIM_STAT status) {
    const char* const words = dkim_getresultstr(status);
    return fail(ErrorKind::internal,
                "the mail cannot be signed: " + std::string(words == nullptr ? "" : words));
  }

  std::vector<std::pair<DkimKey, dkim_alg_t>> keys_;
  Library library_ = open_library();
};

DkimSigner::DkimSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DkimSigner::DkimSigner(DkimSigner&&) noexcept = default;
DkimSigner::~DkimSigner() = default;

Result<DkimSigner> DkimSigner::make(std::vector<DkimKey> keys) {
  std::vector<std::pair<DkimKey, dkim_alg_t>> known;
  for (DkimKey& key : keys) {
    const auto algorithm = algorithm_of(key.key);
    if (!algorithm) return fail("the key of selector " + key.selector + " cannot sign");
    known.emplace_back(std::move(key), *algorithm);
  }
  return DkimSigner(std::make_unique<Impl>(std::move(known)));
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
