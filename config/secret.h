// Passwords, tokens and keys: a type that cannot be shown by accident, and where they come from.
// A setting refers to one as ${credential:NAME} (systemd's credentials folder), ${env:NAME} or
// ${file:PATH}.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace nurtured::config {

inline constexpr std::size_t secret_bytes_max = std::size_t{64} << 10;

// Streams refuse it, so that no log, error or answer can hold it; whoever truly needs the text says
// reveal(). Keep no copies of what it gives.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  std::string value_;
};

enum class SecretSource { credential, environment, file };

class Secrets {
 public:
  virtual ~Secrets() = default;
  // The text behind a reference, without a final line end. `not_found` when there is none, `denied`
  // for a file that others may read, `too_large` beyond secret_bytes_max. The error names the
  // reference and never the value.
  virtual base::Result<std::string> read(SecretSource source, const std::string& name) const = 0;
};

// The real ones. `credentials_folder` is $CREDENTIALS_DIRECTORY, empty where systemd gave none;
// a relative ${file:PATH} is taken from `base_folder`, the workspace's. Files are read anew each
// time, so a reload sees a changed secret.
class SystemSecrets final : public Secrets {
 public:
  SystemSecrets(std::string credentials_folder, std::string base_folder)
      : credentials_folder_(std::move(credentials_folder)), base_folder_(std::move(base_folder)) {}

  base::Result<std::string> read(SecretSource source, const std::string& name) const override;

 private:
  std::string credentials_folder_;
  std::string base_folder_;
};

// True when `text` holds a reference.
bool refers_to_secret(std::string_view text);

// `text` with every reference replaced. With no `secrets`, references stay as they are written:
// checking a workspace needs no secrets. `$${` stands for a literal `${`.
base::Result<Secret> resolve_secret(std::string_view text, const Secrets* secrets);

}  // namespace nurtured::config
