#include "connectors/dkim.h"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

// A new private key in PEM; `bits` of an RSA key, 0 for Ed25519.
config::Secret new_key(int bits) {
  EVP_PKEY* const key =
      bits == 0 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits));
  REQUIRE(key != nullptr);
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  config::Secret pem(std::string(text, static_cast<std::size_t>(size)));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

const std::string mail =
    "From: Anna <anna@example.org>\r\nTo: bob@example.net\r\nSubject: Hello\r\n there\r\n"
    "Message-ID: <a@example.org>\r\nList-Unsubscribe: <https://t.example.org/u/x>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Other: x\r\n\r\nHello  there\r\n";

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

}  // namespace

TEST_CASE("each key signs, and the mail behind the signatures stays as it was") {
  const auto signer =
      DkimSigner::make({{"example.org", "r", new_key(2048)}, {"example.org", "e", new_key(0)}});
  REQUIRE(signer.has_value());
  const auto signed_mail = signer->sign(mail);
  REQUIRE(signed_mail.has_value());
  CHECK(signed_mail->starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;"));
  CHECK(signed_mail->ends_with(mail));
  CHECK(count(*signed_mail, "DKIM-Signature:") == 2);
  CHECK(count(*signed_mail, "a=ed25519-sha256") == 1);
  // What RFC 8058 wants signed, and From once more than it is there.
  CHECK(count(*signed_mail, "List-Unsubscribe-Post") == 3);
  const std::string signature = signed_mail->substr(0, signed_mail->find("b="));
  CAPTURE(*signed_mail);
  CHECK(count(signature, "From") == 2);
  CHECK(count(signature, "Reply-To") == 1);
  CHECK(signed_mail->find(" l=") == std::string::npos);
  for (std::size_t i = 0; i < signed_mail->size(); ++i) {
    if ((*signed_mail)[i] == '\n') CHECK((*signed_mail)[i - 1] == '\r');
  }
}

TEST_CASE("what is no key that can sign is refused") {
  const auto bits = GENERATE(512, -1, -2);
  config::Secret key(bits == -1 ? "garbage" : "");
  if (bits > 0) key = new_key(bits);
  const auto signer = DkimSigner::make({{"example.org", "s", key}});
  REQUIRE_FALSE(signer.has_value());
  CHECK(signer.error().message.find("garbage") == std::string::npos);
}

TEST_CASE("mails of odd shapes are signed or refused, never cut") {
  const auto signer = DkimSigner::make({{"example.org", "e", new_key(0)}});
  REQUIRE(signer.has_value());
  const auto shape =
      GENERATE(as<std::string>(), "From: a@b.c\r\n\r\n", "From: a@b.c\r\n\r\n\r\n\r\n",
               "From: a@b.c\r\n\r\n" + std::string(300'000, 'x') + "\r\n",
               "From: a@b.c\r\nSubject: " + std::string(900, 's') + "\r\n\r\nx\r\n",
               "From: a@b.c\r\n\tb\r\n\r\nx\r\n", "", "\r\n", "no header");
  const auto signed_mail = signer->sign(shape);
  if (signed_mail) CHECK(signed_mail->ends_with(shape));
}
