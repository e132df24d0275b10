// For tests: an SMTP server that answers, stays silent or hangs up exactly as a script says.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/http/loopback.h"

namespace nurtured::test {

struct SmtpScript {
  // What to answer to a command by its first word, "GREETING" and "CONTENT" (the end of a message)
  // among them. Left out: what a friendly server says.
  std::map<std::string, std::string> answers;
  std::string hang_up_at;  // reads that command and closes
  std::string silent_at;   // reads that command and waits for the other side to give up
};

// What the server was told.
class SmtpLog {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  void add_message(std::string content) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(content));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // As sent, dots doubled, without the final one.
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<std::string> messages_;
};

void run_smtp(ScriptedPeer::Connection& connection, const SmtpScript& script, SmtpLog& log);

}  // namespace nurtured::test
