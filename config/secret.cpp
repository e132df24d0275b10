#include "config/secret.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/descriptor.h"

namespace nurtured::config {
namespace {

using base::ErrorKind;

// Names that stay inside their folder: what systemd's LoadCredential= and a shell's environment
// allow.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0=", 3)) == std::string_view::npos;
}

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

base::Result<std::string> read_file(const std::string& path, const std::string& reference) {
  // O_NONBLOCK, so that a FIFO in its place cannot stop the program.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return base::fail(errno == ENOENT ? ErrorKind::not_found : ErrorKind::denied,
                      reference + " cannot be read: " + reason(errno),
                      "make the file, readable for the daemon alone");
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return base::fail(ErrorKind::denied, reference + " is not a plain file");
  }
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return base::fail(ErrorKind::denied, reference + " may be read or written by everybody",
                      "chmod o-rwx it");
  }
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= secret_bytes_max) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return base::fail(ErrorKind::denied, reference + " cannot be read: " + reason(errno));
    }
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return base::fail(ErrorKind::too_large,
                    reference + " is longer than " + std::to_string(secret_bytes_max) + " bytes");
}

base::Result<std::string> trimmed(base::Result<std::string> text, const std::string& reference) {
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return base::fail(ErrorKind::not_found, reference + " is empty");
  if (text->find('\0') != std::string::npos) {
    return base::fail(reference + " holds a zero byte", "keep the secret as one line of text");
  }
  return text;
}

struct Reference {
  SecretSource source = SecretSource::credential;
  std::string name;
};

// What stands between `${` and `}`. It is repeated in an error only where it cannot be the secret
// itself.
base::Result<Reference> parse_reference(std::string_view inside) {
  constexpr std::string_view remedy = "write ${credential:NAME}, ${env:NAME} or ${file:PATH}";
  const std::size_t colon = inside.find(':');
  const std::string_view kind = inside.substr(0, colon);
  std::string name(colon == std::string_view::npos ? "" : inside.substr(colon + 1));
  std::optional<SecretSource> source;
  if (kind == "credential") source = SecretSource::credential;
  if (kind == "env") source = SecretSource::environment;
  if (kind == "file") source = SecretSource::file;
  if (!source) return base::fail("a ${…} names no place for secrets", std::string(remedy));
  if (name.empty()) {
    return base::fail("${" + std::string(inside) + "} names nothing", std::string(remedy));
  }
  return Reference{*source, std::move(name)};
}

}  // namespace

base::Result<std::string> SystemSecrets::read(SecretSource source, const std::string& name) const {
  switch (source) {
    case SecretSource::credential: {
      const std::string reference = "${credential:" + name + "}";
      if (!is_name(name)) return base::fail(reference + " is no credential's name");
      if (credentials_folder_.empty()) {
        return base::fail(ErrorKind::not_found,
                          reference + " cannot be read: there are no credentials",
                          "start under systemd with LoadCredential=" + name +
                              ":PATH, or set CREDENTIALS_DIRECTORY");
      }
      return trimmed(read_file(credentials_folder_ + "/" + name, reference), reference);
    }
    case SecretSource::environment: {
      const std::string reference = "${env:" + name + "}";
      if (!is_name(name)) return base::fail(reference + " is no variable's name");
      // Read while the settings are loaded; nothing in this program changes its environment.
      const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
      if (value == nullptr) {
        return base::fail(ErrorKind::not_found, reference + " is not set",
                          "set it in the daemon's environment");
      }
      if (std::string_view(value).size() > secret_bytes_max) {
        return base::fail(ErrorKind::too_large, reference + " is too long");
      }
      return trimmed(std::string(value), reference);
    }
    case SecretSource::file:
      break;
  }
  const std::string reference = "${file:" + name + "}";
  const std::string path = name.starts_with('/') ? name : base_folder_ + "/" + name;
  return trimmed(read_file(path, reference), reference);
}

bool refers_to_secret(std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 2)) {
    if (at == 0 || text[at - 1] != '$') return true;
  }
  return false;
}

base::Result<Secret> resolve_secret(std::string_view text, const Secrets* secrets) {
  std::string out;
  while (true) {
    const std::size_t at = text.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      out.append(text.substr(0, at - 1)).append("${");
      text.remove_prefix(at + 2);
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) {
      return base::fail("a ${ is not closed", "close it with }, or write $${ for the text itself");
    }
    auto reference = parse_reference(text.substr(at + 2, end - at - 2));
    if (!reference) return base::fail(std::move(reference).error());
    out.append(text.substr(0, at));
    if (secrets == nullptr) {
      out.append(text.substr(at, end + 1 - at));
    } else {
      auto value = secrets->read(reference->source, reference->name);
      if (!value) return base::fail(std::move(value).error());
      out.append(*value);
    }
    text.remove_prefix(end + 1);
  }
  out.append(text);
  return Secret(std::move(out));
}

}  // namespace nurtured::config
