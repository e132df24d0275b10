#include "http/reply.h"

#include <cassert>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "http/reply_queue.h"

namespace nurtured::http {
namespace {

Response typed_response(int status, std::string body, std::string_view type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

Response text_response(int status, std::string body) {
  return typed_response(status, std::move(body), "text/plain; charset=utf-8");
}
Response json_response(int status, std::string body) {
  return typed_response(status, std::move(body), "application/json");
}
Response html_response(int status, std::string body) {
  return typed_response(status, std::move(body), "text/html; charset=utf-8");
}

Reply::Reply(std::shared_ptr<ReplySlot> slot) : target_(std::move(slot)) {}
Reply::Reply(std::function<void(Response)> sink) : target_(std::move(sink)) {}
Reply::Reply(Reply&& other) noexcept : target_(std::exchange(other.target_, std::monostate())) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    drop();
    target_ = std::exchange(other.target_, std::monostate());
  }
  return *this;
}

Reply::~Reply() {
  drop();
}

void Reply::drop() {
  if (!std::holds_alternative<std::monostate>(target_)) {
    send(text_response(500, "the request was not answered\n"));
  }
}

void Reply::send(Response response) {
  auto target = std::exchange(target_, std::monostate());
  assert(!std::holds_alternative<std::monostate>(target));
  if (auto* slot = std::get_if<std::shared_ptr<ReplySlot>>(&target)) {
    (*slot)->response = std::move(response);
    ReplyQueue& queue = *(*slot)->queue;
    queue.push(std::move(*slot));
  } else if (auto* sink = std::get_if<std::function<void(Response)>>(&target)) {
    (*sink)(std::move(response));
  }
}

void ReplyBatch::add(Reply reply, Response response) {
  auto* slot = std::get_if<std::shared_ptr<ReplySlot>>(&reply.target_);
  if (slot == nullptr) {
    reply.send(std::move(response));
    return;
  }
  (*slot)->response = std::move(response);
  if (!answered_.empty() && answered_.back()->queue != (*slot)->queue) flush();
  answered_.push_back(std::move(*slot));
  reply.target_ = std::monostate();
}

void ReplyBatch::flush() {
  if (answered_.empty()) return;
  const std::shared_ptr<ReplyQueue> queue = answered_.front()->queue;
  queue->push(answered_);
  answered_.clear();
}

void ReplyQueue::push(std::shared_ptr<ReplySlot> slot) {
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  ready_.push_back(std::move(slot));
  wake();
}

void ReplyQueue::push(std::vector<std::shared_ptr<ReplySlot>>& slots) {
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) return;
  ready_.insert(ready_.end(), std::make_move_iterator(slots.begin()),
                std::make_move_iterator(slots.end()));
  wake();
}

void ReplyQueue::wake() {
  if (std::exchange(posted_, true)) return;
  boost::asio::post(*io_, [self = shared_from_this()] { self->deliver(); });
}

void ReplyQueue::deliver() {
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    delivering_.swap(ready_);
  }
  for (const auto& slot : delivering_) {
    if (slot->taker != nullptr) slot->taker->take(std::move(slot->response));
  }
  delivering_.clear();
}

void ReplyQueue::close() {
  std::vector<std::shared_ptr<ReplySlot>> dropped;
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
  dropped.swap(ready_);
}

}  // namespace nurtured::http
