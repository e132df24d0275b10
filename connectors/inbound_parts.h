// The parts of connectors/inbound_mail.cpp: reports, reports without a form, and answers. Private
// to those sources. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/inbound_mail.h"
#include "connectors/mime_reader.h"
#include "connectors/smtp_reply.h"

namespace nurtured::connectors {

// ---- inbound_report.cpp
// multipart/report of type delivery-status, or a lone message/delivery-status part. nullopt where
// no recipient is named.
std::optional<DeliveryReport> read_delivery_report(const ReadMail& mail);
// multipart/report of type feedback-report. nullopt where that is no complaint.
std::optional<Complaint> read_complaint(const ReadMail& mail);
bool is_feedback_report(const ReadMail& mail);

// ---- inbound_notice.cpp
// What a mail system wrote in its own form. nullopt where the mail is no such notice.
std::optional<DeliveryReport> read_notice(const ReadMail& mail);
// Which command the notice says was refused; `content` where it does not say.
SmtpStage stage_in(std::string_view text);

// ---- inbound_reply.cpp
bool is_automatic(const ReadMail& mail);
// What a person wrote above, between and below what is quoted.
std::string unquoted(std::string_view text);
Reply read_reply(const ReadMail& mail);

// The text for people: the first text/plain part, else the first text/html one as text.
std::string text_of(const ReadMail& mail);

}  // namespace nurtured::connectors
