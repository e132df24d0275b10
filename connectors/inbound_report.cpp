// Reports in their standard forms: RFC 3464 with RFC 6533's variants, RFC 5965.
#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "connectors/inbound_parts.h"

namespace nurtured::connectors {
namespace {

// "rfc822; a@example.org": what stands behind the type (RFC 3464 section 2.1.2).
std::string_view behind_type(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  return base::trimmed(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1));
}

std::string address_of(const MailFields& group) {
  for (const std::string_view name : {"original-recipient", "final-recipient"}) {
    std::string_view address = behind_type(group.value(name));
    if (address.starts_with('<') && address.ends_with('>')) {
      address = address.substr(1, address.size() - 2);
    }
    if (!address.empty()) return ascii_lower(address.substr(0, 320));
  }
  return {};
}

std::optional<ReportAction> action_of(std::string_view value) {
  const std::string word = ascii_lower(base::trimmed(value.substr(0, value.find_first_of(" ;("))));
  for (const ReportAction action :
       {ReportAction::failed, ReportAction::delayed, ReportAction::delivered, ReportAction::relayed,
        ReportAction::expanded}) {
    if (word == to_string(action)) return action;
  }
  return std::nullopt;
}

// The last server's words. "X-Postfix; unknown user" is a server's too.
std::string_view diagnostic_of(const MailFields& group) {
  return behind_type(group.value("diagnostic-code"));
}

std::optional<ReportedRecipient> read_recipient(const MailFields& group, SmtpStage stage) {
  const auto action = action_of(group.value("action"));
  if (!action || (!group.has("final-recipient") && !group.has("original-recipient"))) {
    return std::nullopt;
  }
  const std::string_view status = base::trimmed(group.value("status"));
  const std::string_view diagnostic = diagnostic_of(group);
  ReportedRecipient recipient{.address = address_of(group),
                              .action = *action,
                              .status = std::string(status.substr(0, status.find_first_of(" ("))),
                              .diagnostic = to_reason(diagnostic)};
  if (recipient.status.size() > 11) recipient.status.clear();  // RFC 3463: three short numbers
  recipient.blame = blame_of_report(recipient.status, diagnostic, stage);
  return recipient;
}

bool is_status_part(std::string_view type) {
  return type == "message/delivery-status" || type == "message/global-delivery-status";
}

const InboundPart* find_part(const ReadMail& mail, bool (*wanted)(std::string_view)) {
  const auto found =
      std::ranges::find_if(mail.parts, [&](const InboundPart& part) { return wanted(part.type); });
  return found == mail.parts.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(ReportAction action) {
  switch (action) {
    case ReportAction::failed:
      return "failed";
    case ReportAction::delayed:
      return "delayed";
    case ReportAction::delivered:
      return "delivered";
    case ReportAction::relayed:
      return "relayed";
    case ReportAction::expanded:
      return "expanded";
  }
  return {};
}

std::optional<DeliveryReport> read_delivery_report(const ReadMail& mail) {
  const InboundPart* const part = find_part(mail, is_status_part);
  if (part == nullptr) return std::nullopt;
  const SmtpStage stage = stage_in(text_of(mail));
  DeliveryReport report;
  // The first group tells of the message, the others of one recipient each; some servers leave the
  // empty line between them out.
  for (const MailFields& group : parse_fields(part->text)) {
    auto recipient = read_recipient(group, stage);
    if (recipient) report.recipients.push_back(*std::move(recipient));
    if (report.recipients.size() == reported_recipients_max) break;
  }
  if (report.recipients.empty()) return std::nullopt;
  return report;
}

bool is_feedback_report(const ReadMail& mail) {
  return mail.report_type == "feedback-report" || find_part(mail, [](std::string_view type) {
                                                    return type == "message/feedback-report";
                                                  }) != nullptr;
}

std::optional<Complaint> read_complaint(const ReadMail& mail) {
  const InboundPart* const part =
      find_part(mail, [](std::string_view type) { return type == "message/feedback-report"; });
  if (part == nullptr) return std::nullopt;
  // RFC 5965 section 7.3, and opt-out of the former IANA list: the person wants no more.
  static constexpr std::array<std::string_view, 6> complaints = {
      "abuse", "fraud", "other", "virus", "opt-out", "opt-out-list"};
  for (const MailFields& group : parse_fields(part->text)) {
    const std::string type = ascii_lower(base::trimmed(group.value("feedback-type")));
    if (std::ranges::find(complaints, type) != complaints.end()) return Complaint{type};
  }
  return std::nullopt;
}

}  // namespace nurtured::connectors
