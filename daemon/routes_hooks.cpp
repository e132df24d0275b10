// Forms and other systems' webhooks: POST /hooks/NAME. Answered once what came is on disk; a
// browser is sent on to the page that the hook names.
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/hooks.h"
#include "daemon/routes_impl.h"
#include "http/url.h"

namespace nurtured::daemon {
namespace {

http::Response taken(const config::Hook& hook) {
  if (hook.redirect.empty()) return for_any_page(http::text_response(200, hook.answer + "\n"));
  // 303: what was a POST goes on as a GET (RFC 9110 section 15.4.4).
  http::Response response{.status = 303};
  response.headers.add("Location", hook.redirect);
  return for_any_page(std::move(response));
}

http::Response not_taken(const base::Error& error) {
  int status = 400;
  if (error.kind == base::ErrorKind::denied) status = 401;
  if (error.kind == base::ErrorKind::too_large) status = 413;
  return for_any_page(refusal_response(status, error.message));
}

http::Response later() {
  http::Response response = refusal_response(503, "this could not be written; try again");
  response.headers.add("Retry-After", "60");
  return for_any_page(std::move(response));
}

}  // namespace

void Routes::Impl::hook(const http::Request& request, std::string_view path, http::Reply reply) {
  const std::size_t slash = path.find('/');
  const auto settings = settings_;
  const auto key = http::percent_decode(slash == std::string_view::npos ? std::string_view()
                                                                        : path.substr(slash + 1));
  const config::Hook* hook = nullptr;
  if (settings->hooks) {
    const auto found = settings->hooks->find(path.substr(0, slash));
    if (found != settings->hooks->end()) hook = &found->second;
  }
  const auto chat_side = settings->chats.find(path);
  if (hook == nullptr && chat_side != settings->chats.end() && chat_side->second.read_webhook) {
    return chat(request, chat_side->first, chat_side->second, std::move(reply));
  }
  if (hook == nullptr) return reply.send(refusal_response(404, "there is no such hook"));
  if (request.method == "OPTIONS") return reply.send(preflight_response());
  if (request.method != "POST") return reply.send(method_refused("POST, OPTIONS"));

  auto read = read_hook(*hook, request, key.value_or(""), clock_.now(), settings->typed_texts);
  if (!read) {
    figures_.rejected.add();
    return reply.send(not_taken(read.error()));
  }
  for (const auto& problem : read->problems) {
    spdlog::warn("hook {}: {}", hook->name, problem);
    figures_.rejected.add();
  }
  if (!read->input) return reply.send(taken(*hook));
  std::vector<EngineInput> inputs;
  inputs.emplace_back(*std::move(read->input));
  auto owed = std::make_shared<http::Reply>(std::move(reply));
  Done done = [owed, hook, settings, figures = figures_](const base::Result<void>& outcome,
                                                         http::ReplyBatch& replies) {
    (outcome ? figures.messages : figures.failed).add();
    replies.add(std::move(*owed), outcome ? taken(*hook) : later());
  };
  if (!inbox_.submit(std::move(inputs), std::move(done))) {
    figures_.full.add();
    owed->send(later());
  }
}

// What is not on disk is told again: providers repeat what is not answered by 2xx.
void Routes::Impl::chat(const http::Request& request, const std::string& connector,
                        const connectors::ChatSide& side, http::Reply reply) {
  if (request.method != "POST") return reply.send(method_refused("POST"));
  auto read = side.read_webhook({request.headers, request.body});
  if (!read) {
    figures_.rejected.add();
    return reply.send(not_taken(read.error()));
  }
  http::Response taken{.status = 200};
  if (!read->answer.empty()) {
    taken.headers.add("Content-Type", "application/json");
    taken.body = std::move(read->answer);
  }
  auto inputs = settings_->inputs_of_chat(connector, read->updates, clock_.now());
  if (inputs.empty()) return reply.send(std::move(taken));
  auto owed =
      std::make_shared<std::pair<http::Reply, http::Response>>(std::move(reply), std::move(taken));
  Done done = [owed, figures = figures_](const base::Result<void>& outcome,
                                         http::ReplyBatch& replies) {
    (outcome ? figures.messages : figures.failed).add();
    replies.add(std::move(owed->first), outcome ? std::move(owed->second) : later());
  };
  if (!inbox_.submit(std::move(inputs), std::move(done))) {
    figures_.full.add();
    owed->first.send(later());
  }
}

}  // namespace nurtured::daemon
