#include "base/encoding.h"
#include "connectors/connector.h"

namespace nurtured::connectors {
namespace {

struct Words {
  std::string operator()(const Delivered& delivered) const {
    return delivered.provider_id.empty() ? "delivered" : "delivered: " + delivered.provider_id;
  }
  std::string operator()(const Deferred& deferred) const {
    return "deferred (" + std::string(to_string(deferred.scope)) + "): " + deferred.reason;
  }
  std::string operator()(const Rejected& rejected) const {
    return "rejected (" + std::string(to_string(rejected.blame)) + "): " + rejected.reason;
  }
  std::string operator()(const Uncertain& uncertain) const {
    return "uncertain: " + uncertain.reason;
  }
};

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::message:
      return "message";
    case Scope::destination:
      return "destination";
    case Scope::connector:
      return "connector";
  }
  return {};
}

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::address:
      return "address";
    case Blame::mailbox:
      return "mailbox";
    case Blame::content:
      return "content";
    case Blame::policy:
      return "policy";
    case Blame::configuration:
      return "configuration";
  }
  return {};
}

std::string to_string(const Outcome& outcome) {
  return std::visit(Words{}, outcome);
}

std::string to_reason(std::string_view text) {
  std::string line(base::is_utf8(text) ? base::cut_utf8(text, reason_bytes_max)
                                       : text.substr(0, reason_bytes_max));
  const bool is_text = base::is_utf8(line);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (!is_text && byte >= 0x80) c = '?';
  }
  return line;
}

}  // namespace nurtured::connectors
