#include "daemon/control_server.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "http/server.h"
#include "rules/cel/json.h"

namespace nurtured::daemon {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::string_view prefix = "/v1/";
constexpr std::size_t request_depth_max = 20;
// Between two slices of background work that failed, so that a full disk is not asked all the time.
constexpr std::chrono::seconds pause_after_error{5};
constexpr int groups_max = 1024;
constexpr std::size_t user_buffer_bytes = std::size_t{16} << 10;

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::denied:
      return 403;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::disk:
      return 507;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

http::Response error_response(const base::Error& error) {
  const cel::Map body{
      {"error", error.message}, {"remedy", error.remedy}, {"kind", base::to_string(error.kind)}};
  return http::json_response(status_of(error.kind), cel::to_json(body));
}

http::Response response_of(const Result<Answer>& answer) {
  if (!answer) return error_response(answer.error());
  const cel::Map body{
      {"result", answer->result}, {"text", answer->text}, {"problem", answer->problem}};
  return http::json_response(200, cel::to_json(body));
}

// By the user database: the kernel tells one group of the peer, and it may be in others.
bool is_in_group(uid_t user, gid_t group) {
  std::vector<char> buffer(user_buffer_bytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return false;
  }
  std::vector<gid_t> groups(groups_max);
  int count = groups_max;
  if (::getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0) return false;
  groups.resize(static_cast<std::size_t>(count));
  return std::ranges::find(groups, group) != groups.end();
}

bool may_ask(const std::optional<http::PeerCredentials>& peer) {
  if (!peer) return false;
  return peer->uid == 0 || peer->uid == ::geteuid() || peer->gid == ::getegid() ||
         is_in_group(peer->uid, ::getegid());
}

}  // namespace

class ControlServer::Impl {
 public:
  Impl(boost::asio::io_context& io, const base::Clock& clock, Operations operations,
       std::function<void(const base::Error&)> on_error)
      : operations_(std::move(operations)),
        on_error_(std::move(on_error)),
        server_(io, clock, {.body_bytes_max = control_body_bytes_max},
                [this](http::Request&& request, http::Reply reply) {
                  take(std::move(request), std::move(reply));
                }),
        worker_([this] { work(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    worker_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> listen(const std::string& path) { return server_.listen_unix(path, 0660); }

  bool queue(std::string name, cel::Value request, OnAnswer done) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || tasks_.size() >= control_waiting_max) return false;
      tasks_.push_back({std::move(name), std::move(request), std::move(done)});
      background_ = true;  // what it does may leave work behind
    }
    wake_.notify_one();
    return true;
  }

 private:
  struct Task {
    std::string name;
    cel::Value request;
    OnAnswer done;
  };

  void take(http::Request&& request, http::Reply reply) {
    if (!may_ask(request.peer)) {
      reply.send(error_response({ErrorKind::denied,
                                 "this user may not control the daemon",
                                 "ask as root or as a member of the daemon's group",
                                 {}}));
      return;
    }
    if (request.method != "POST" || !request.path().starts_with(prefix)) {
      reply.send(error_response({ErrorKind::not_found, "there is nothing here", {}, {}}));
      return;
    }
    auto body = request.body.empty()
                    ? Result<cel::Value>(cel::Map{})
                    : cel::from_json(request.body, {.bytes_max = control_body_bytes_max,
                                                    .depth_max = request_depth_max});
    if (!body) {
      reply.send(error_response(body.error()));
      return;
    }
    // A function that is copied needs a reply that can be: it is answered once all the same.
    const auto shared = std::make_shared<http::Reply>(std::move(reply));
    const bool taken =
        queue(std::string(request.path().substr(prefix.size())), *std::move(body),
              [shared](const Result<Answer>& answer) { shared->send(response_of(answer)); });
    if (!taken) {
      shared->send(error_response(
          {ErrorKind::unavailable, "too many requests wait, or the daemon is ending", {}, {}}));
    }
  }

  // The next task; none when there is background work to do instead, or the end has come.
  std::optional<Task> next() {
    std::unique_lock lock(mutex_);
    const auto asked = [&] { return stopping_ || !tasks_.empty(); };
    if (resting_) {
      wake_.wait_for(lock, pause_after_error, asked);
    } else {
      wake_.wait(lock, [&] { return asked() || background_; });
    }
    if (stopping_ || tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  void work() {
    for (;;) {
      if (auto task = next()) {
        task->done(operations_.call(task->name, task->request));
        continue;
      }
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      const auto more = operations_.background();
      resting_ = !more;
      if (!more) on_error_(more.error());
      const std::lock_guard lock(mutex_);
      background_ = resting_ || *more || !tasks_.empty();
    }
  }

  Operations operations_;  // of the worker alone
  std::function<void(const base::Error&)> on_error_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;  // guarded by mutex_, like the next two
  bool background_ = true;  // a walk that a former run began goes on
  bool stopping_ = false;
  bool resting_ = false;  // of the worker alone
  http::Server server_;
  std::thread worker_;
};

ControlServer::ControlServer(boost::asio::io_context& io, const base::Clock& clock,
                             Operations operations,
                             std::function<void(const base::Error&)> on_error)
    : impl_(std::make_unique<Impl>(io, clock, std::move(operations), std::move(on_error))) {}
ControlServer::~ControlServer() = default;

Result<void> ControlServer::listen(const std::string& path) {
  return impl_->listen(path);
}

void ControlServer::submit(std::string name, cel::Value request, const OnAnswer& done) {
  if (impl_->queue(std::move(name), std::move(request), done)) return;
  done(base::fail(ErrorKind::unavailable, "too many requests wait, or the daemon is ending"));
}

}  // namespace nurtured::daemon
