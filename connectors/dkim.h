// Signs mails as RFC 6376 has it, so that receivers know who is answerable for them: rsa-sha256,
// and ed25519-sha256 (RFC 8463) beside it. OpenSSL does the cryptography.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/section.h"

namespace nurtured::connectors {

struct DkimKey {
  std::string domain;    // d=: DMARC wants it to be the domain of `From` or above it
  std::string selector;  // s=: the public key is at SELECTOR._domainkey.DOMAIN
  config::Secret key;    // private, PEM: RSA of 1024 bits or more, or Ed25519
};

// `dkim: {domain, selector, key}` or a list of them; `domain` is the one of `from` where left out.
// What is wrong is reported, and left out.
std::vector<DkimKey> read_dkim(config::Section& section, std::string_view from_domain);

// One thread at a time.
class DkimSigner {
 public:
  // `invalid` for what is no private key of a kind that can sign.
  static base::Result<DkimSigner> make(std::vector<DkimKey> keys);
  ~DkimSigner();
  DkimSigner(DkimSigner&&) noexcept;
  DkimSigner& operator=(DkimSigner&&) = delete;

  // The mail with a signature of each key before its headers. Relaxed canonicalization of both, and
  // the whole body. Every header that tells something is signed where it is there; From, To,
  // Subject, Date, Reply-To and Message-ID once more, so that none can be added. `mail` is whole,
  // its lines end in CRLF.
  base::Result<std::string> sign(std::string_view mail) const;

 private:
  class Impl;
  explicit DkimSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::connectors
