// Whatever a mailbox's server says, and whatever stands in a mailbox, through the reader of
// bounces, complaints and answers. What it gives keeps its limits and can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/encoding.h"
#include "connectors/imap_reader.h"
#include "connectors/inbound_mail.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

void read_as_server(std::string_view bytes) {
  ImapReader reader;
  reader.feed(bytes);
  while (true) {
    const auto response = reader.next();
    if (!response || !*response) return;
    if ((*response)->literals.size() > imap_literals_max) std::abort();
    static_cast<void>(parse_imap_search((*response)->text));
    static_cast<void>(imap_code_number((*response)->text, "UIDVALIDITY"));
    static_cast<void>(imap_fetched_uid((*response)->text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_as_server({reinterpret_cast<const char*>(data), size});
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
