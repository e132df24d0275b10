// One mail on its way through libcurl: what the callbacks read and write, and what its end means.
// Inside the SMTP connector only.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "connectors/connector.h"
#include "connectors/smtp_reply.h"
#include "http/curl_multi.h"

namespace nurtured::connectors {

// The sockets that libcurl has open. It says QUIT as it closes a connection and waits for the
// answer, up to two minutes, blocking its thread: so SMTP has a thread of its own, and at the end a
// server that does not answer is cut off from another one.
class OpenSockets {
 public:
  curl_socket_t open(const curl_sockaddr& target);
  int close(curl_socket_t socket);
  // Any thread: whoever waits on one of them waits no longer.
  void cut_all();

 private:
  std::mutex mutex_;
  std::set<int> open_;  // guarded by mutex_
};

// One message under way: what libcurl's callbacks read and write.
struct SmtpSession {
  std::string content;
  std::string recipient;
  std::string sender;
  http::CurlList recipients;

  std::size_t content_read = 0;
  bool ended = false;     // libcurl knows the content's end and may have written the final dot
  bool quitting = false;  // QUIT went out: what comes now answers that
  SmtpStage stage = SmtpStage::greeting;
  std::string reply_lines;
  std::optional<SmtpReply> reply;  // the last whole one
  SmtpStage reply_stage = SmtpStage::greeting;
};

// Points the transfer's callbacks at the session and its sockets; both stay where they are until it
// is over.
void prepare_session(CURL* easy, SmtpSession& session, OpenSockets& sockets);
// After the transfer.
Outcome outcome_of(CURL* easy, CURLcode code, const SmtpSession& session);

}  // namespace nurtured::connectors
