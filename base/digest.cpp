#include "base/digest.h"

#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace nurtured::base {
namespace {
const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
}  // namespace

Sha256 sha256(std::string_view data) {
  Sha256 digest;
  SHA256(bytes(data), data.size(), digest.data());
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view data) {
  Sha256 digest;
  unsigned length = 0;
  // An empty key is legal in RFC 2104, but OpenSSL takes a null pointer for "the former key".
  static const unsigned char nothing = 0;
  HMAC(EVP_sha256(), key.empty() ? &nothing : bytes(key), static_cast<int>(key.size()), bytes(data),
       data.size(), digest.data(), &length);
  return digest;
}

bool equal_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string data(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(data.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("the operating system gives no randomness");
  }
  return data;
}

}  // namespace nurtured::base
