// Whatever stands in a mailbox, through the reader of bounces, complaints and answers. What it
// gives keeps its limits and can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/encoding.h"
#include "connectors/inbound_mail.h"

using namespace nurtured;
using namespace nurtured::connectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const InboundMail mail = parse_inbound_mail({reinterpret_cast<const char*>(data), size});
  if (mail.tokens.size() > tokens_max) std::abort();
  if (const auto* reply = std::get_if<Reply>(&mail.content)) {
    const bool fits =
        reply->text.size() <= reply_text_bytes_max && reply->subject.size() <= subject_bytes_max;
    if (!fits || !base::is_utf8(reply->text) || !base::is_utf8(reply->subject)) std::abort();
  }
  if (const auto* report = std::get_if<DeliveryReport>(&mail.content)) {
    if (report->recipients.empty()) std::abort();
    if (report->recipients.size() > reported_recipients_max) std::abort();
    for (const auto& recipient : report->recipients) {
      if (!base::is_utf8(recipient.diagnostic)) std::abort();
    }
  }
  return 0;
}
