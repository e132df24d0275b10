// What mail servers answer, and addresses from anywhere, through their parsers. A mail that can be
// built from them at all has no line that SMTP does not take.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/mime.h"
#include "connectors/smtp_reply.h"

using namespace nurtured::connectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto reply = parse_smtp_reply(input); reply && reply->code >= 400) {
    static_cast<void>(classify(*reply, SmtpStage::recipient));
  }
  static_cast<void>(parse_mailbox(input));

  const std::string text(input);
  Mail mail{.from = {text, "a@example.org"},
            .to = {"", "b@example.org"},
            .subject = text,
            .message_id = "c@example.org",
            .text = text,
            .html = text};
  const auto bytes = build_mime(mail);
  if (!bytes) return 0;
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    const bool bare_lf = (*bytes)[i] == '\n' && (i == 0 || (*bytes)[i - 1] != '\r');
    if (bare_lf || (*bytes)[i] == '\0') std::abort();
  }
  return 0;
}
