#include "tests/connectors/smtp_script.h"

namespace nurtured::test {
namespace {

const std::map<std::string, std::string> friendly = {
    {"GREETING", "220 mail.example.org ESMTP\r\n"},
    {"EHLO",
     "250-mail.example.org\r\n250-AUTH PLAIN\r\n250-SIZE 10000000\r\n250 ENHANCEDSTATUSCODES\r\n"},
    {"AUTH", "235 2.7.0 welcome\r\n"},
    {"MAIL", "250 2.1.0 ok\r\n"},
    {"RCPT", "250 2.1.5 ok\r\n"},
    {"DATA", "354 go on\r\n"},
    {"CONTENT", "250 2.0.0 queued as ABC123\r\n"},
    {"QUIT", "221 2.0.0 bye\r\n"},
};

}  // namespace

void run_smtp(ScriptedPeer::Connection& connection, const SmtpScript& script, SmtpLog& log) {
  std::string command = "GREETING";
  while (true) {
    if (command == script.hang_up_at) return;
    if (command == script.silent_at) return connection.wait_for_end();
    const auto special = script.answers.find(command);
    const auto usual = friendly.find(command);
    const std::string answer = special != script.answers.end() ? special->second
                               : usual != friendly.end()       ? usual->second
                                                               : "500 5.5.2 what?\r\n";
    connection.send(answer);
    if (command == "QUIT") return;
    if (command == "DATA" && answer.starts_with("354")) {
      std::string content = connection.read_until("\r\n.\r\n");
      if (!content.ends_with("\r\n.\r\n")) return;
      content.resize(content.size() - 3);
      log.add_message(std::move(content));
      command = "CONTENT";
      continue;
    }
    const std::string line = connection.read_until("\r\n");
    if (line.empty()) return;
    log.add(line.substr(0, line.size() - 2));
    command = line.substr(0, line.find_first_of(" \r"));
  }
}

}  // namespace nurtured::test
