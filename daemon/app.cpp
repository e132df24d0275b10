#include "daemon/app.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <boost/asio/post.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "config/zones.h"
#include "daemon/app_impl.h"
#include "daemon/service_manager.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds drain_time_max{20};
// Of all of a shutdown; well within TimeoutStopSec of systemd/nurtured.service.
constexpr std::chrono::seconds shutdown_time_max{30};

}  // namespace

void App::on_batch(const BatchResult& result) {
  store_works_ = true;
  batches_.add();
  inputs_.add(result.inputs);
  timers_.add(result.wakes);
  const Instant now = clock_.now();
  for (const Instant due : result.due) {
    // A clock that was set back makes no timer early.
    lateness_.observe(
        std::chrono::duration<double>(std::max(now - due, base::Milliseconds{0})).count());
  }
  duplicates_.add(result.duplicates);
  repeats_.add(result.set_aside);
  if (!result.deliveries.empty()) dispatcher_->take(result.deliveries);
  if (!result.notifications.empty()) dispatcher_->tell_kept(result.notifications);
}

void App::on_store_error(const base::Error& error, bool fatal) {
  const bool is_new = store_works_.exchange(false);
  spdlog::error("store: {}", base::to_string(error));
  if (!fatal) {
    if (is_new) alarms_->raise("store", "the store cannot write: " + base::to_string(error));
    return;
  }
  // What is on the disk is no longer known: only a start that reads it anew can tell (DESIGN
  // section 5).
  spdlog::critical("the store failed; the process ends to recover from what is on the disk");
  spdlog::shutdown();
  std::_Exit(EXIT_FAILURE);
}

void App::on_clock_jump(base::Milliseconds jump) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(jump).count();
  alarms_->raise("clock", "the clock was set by " + std::to_string(minutes) +
                              " minutes; marketing is held until `nurtured resume marketing`");
}

void App::on_alive(Instant now) {
  if (now - told_alive_ < std::chrono::seconds{1} && now >= told_alive_) return;
  told_alive_ = now;
  tell_alive();
}

void App::wait_for_signals() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      reload();
      wait_for_signals();
      return;
    }
    begin_shutdown(number == SIGTERM ? "SIGTERM" : "SIGINT");
  });
}

void App::reload() {
  tell_reloading();
  // Whoever sent the signal is told nothing else.
  control_->submit("reload", cel::Value(cel::Map{}), [this](const base::Result<Answer>& answer) {
    if (!answer) {
      alarms_->raise("files", "reload: " + base::to_string(answer.error()));
    } else if (answer->problem) {
      alarms_->raise("files", "reload refused; the former book runs on\n" + answer->text);
    } else {
      spdlog::info("reloaded\n{}", answer->text);
    }
    tell_ready("Running");
  });
}

void App::begin_shutdown(const char* why) {
  spdlog::info("{}: finishing what was taken", why);
  stopping_ = true;
  tell_stopping();
  const auto left = std::make_shared<int>(admin_server_ ? 3 : 2);
  const auto one_drained = [this, left] {
    if (--*left == 0) finish_shutdown();
  };
  server_->drain(drain_time_max, one_drained);
  if (admin_server_) admin_server_->drain(drain_time_max, one_drained);
  asio::post(sender_->io(), [this, one_drained] {
    dispatcher_->drain([this, one_drained] { asio::post(io_, one_drained); });
  });
  shutdown_timer_.expires_after(shutdown_time_max);
  shutdown_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    // They are marked as `committing`, and the next start says honestly that they may have left.
    spdlog::warn("some messages on their way had no answer in {} s: their outcome is uncertain",
                 shutdown_time_max.count());
    finish_shutdown();
  });
}

void App::finish_shutdown() {
  if (std::exchange(finished_, true)) return;
  shutdown_timer_.cancel();
  control_.reset();
  engine_thread_->stop();
  sender_->run([this] {
    dispatcher_.reset();
    client_.reset();
  });
  sender_->stop();
  if (crash_record_) crash_record_->end();
  io_.stop();
}

void App::run() {
  tell_ready("Running");
  io_.run();
  spdlog::info("ended");
}

int run_daemon(const RunOptions& options) {
  // systemd's journal keeps the time; on a terminal it is wanted.
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  spdlog::set_pattern(
      // NOLINTNEXTLINE(concurrency-mt-unsafe): there is only this thread yet
      std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  std::signal(SIGPIPE, SIG_IGN);
  auto zones = config::system_zones();
  if (!zones) {
    spdlog::error("{}", base::to_string(zones.error()));
    return 1;
  }
  App app(options, *std::move(zones));
  if (const auto started = app.start(); !started) {
    spdlog::error("{}", base::to_string(started.error()));
    return 1;
  }
  app.run();
  return 0;
}

}  // namespace nurtured::daemon
