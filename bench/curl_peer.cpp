// What libcurl alone delivers: COUNT ready bodies over CONNECTIONS connections that are kept,
// through one multi handle on one thread. The peer of our mail and webhook deliveries, without
// rendering, rules or records. Prints when it began, in milliseconds since 1970.
//
//   curl_peer URL CONNECTIONS COUNT BYTES    smtp://HOST:PORT sends mails, http://… posts JSON
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>

namespace {

std::string make_body(bool is_mail, std::size_t bytes) {
  std::string body = is_mail ? "From: a@example.org\r\nTo: u@example.net\r\nSubject: Hello\r\n"
                               "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
                             : "{\"text\":\"";
  while (body.size() < bytes) {
    body += "A line of the letter, as long as lines of letters are.";
    if (is_mail) body += "\r\n";
  }
  return is_mail ? body : body + "\"}";
}

struct Transfer {
  const std::string* body = nullptr;
  std::size_t sent = 0;
};

std::size_t read_body(char* target, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t bytes = std::min(size * count, transfer.body->size() - transfer.sent);
  std::memcpy(target, transfer.body->data() + transfer.sent, bytes);
  transfer.sent += bytes;
  return bytes;
}

std::size_t drop(char* /*bytes*/, std::size_t size, std::size_t count, void* /*context*/) {
  return size * count;
}

class Sender {
 public:
  Sender(std::string url, std::size_t connections, std::size_t bytes)
      : url_(std::move(url)),
        is_mail_(url_.starts_with("smtp:")),
        body_(make_body(is_mail_, bytes)),
        transfers_(connections) {
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
    recipients_ = curl_slist_append(nullptr, "<u@example.net>");
    headers_ = curl_slist_append(nullptr, "Content-Type: application/json");
    for (auto& transfer : transfers_) handles_.push_back(make_handle(transfer));
  }
  ~Sender() {
    for (CURL* handle : handles_) curl_easy_cleanup(handle);
    curl_multi_cleanup(multi_);
    curl_slist_free_all(recipients_);
    curl_slist_free_all(headers_);
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // False when any was refused.
  bool send(std::size_t count) {
    std::size_t started = 0;
    std::size_t done = 0;
    bool all_taken = true;
    for (CURL* handle : handles_) {
      if (started++ < count) curl_multi_add_handle(multi_, handle);
    }
    started = std::min(count, handles_.size());
    while (done < count) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      int queued = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
        if (message->msg != CURLMSG_DONE) continue;
        if (message->data.result != CURLE_OK) {
          std::fprintf(stderr, "%s\n", curl_easy_strerror(message->data.result));
          all_taken = false;
        }
        ++done;
        CURL* handle = message->easy_handle;
        curl_multi_remove_handle(multi_, handle);
        if (started < count) {
          ++started;
          begin(handle);
        }
      }
      if (done < count) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    return all_taken;
  }

 private:
  CURL* make_handle(Transfer& transfer) {
    CURL* handle = curl_easy_init();
    transfer.body = &body_;
    curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(handle, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, drop);
    if (is_mail_) {
      curl_easy_setopt(handle, CURLOPT_MAIL_FROM, "<a@example.org>");
      curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients_);
      curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, read_body);
      curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
    } else {
      curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body_.c_str());
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
    }
    return handle;
  }

  void begin(CURL* handle) {
    char* context = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &context);
    reinterpret_cast<Transfer*>(context)->sent = 0;
    curl_multi_add_handle(multi_, handle);
  }

  std::string url_;
  bool is_mail_;
  std::string body_;
  std::vector<Transfer> transfers_;
  std::vector<CURL*> handles_;
  CURLM* multi_ = nullptr;
  curl_slist* recipients_ = nullptr;
  curl_slist* headers_ = nullptr;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fputs("usage: curl_peer URL CONNECTIONS COUNT BYTES\n", stderr);
    return 2;
  }
  curl_global_init(CURL_GLOBAL_ALL);
  const auto number = [&](int index) { return std::strtoull(arguments[index], nullptr, 10); };
  bool all_taken = false;
  {
    Sender sender(arguments[1], number(2), number(4));
    const auto began = std::chrono::system_clock::now().time_since_epoch();
    std::printf("%lld\n",
                static_cast<long long>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(began).count()));
    all_taken = sender.send(number(3));
  }
  curl_global_cleanup();
  return all_taken ? EXIT_SUCCESS : EXIT_FAILURE;
}
