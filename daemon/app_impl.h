// The daemon's parts in the order in which they live, and what ties them together. Private to
// daemon/app.cpp (running and ending) and daemon/app_start.cpp (starting).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "connectors/registry.h"
#include "daemon/alarms.h"
#include "daemon/app.h"
#include "daemon/book_keeper.h"
#include "daemon/chat_intake.h"
#include "daemon/control_server.h"
#include "daemon/crash_record.h"
#include "daemon/dispatcher.h"
#include "daemon/engine_thread.h"
#include "daemon/io_thread.h"
#include "daemon/links.h"
#include "daemon/metrics.h"
#include "daemon/places.h"
#include "daemon/routes.h"
#include "daemon/system_clock.h"
#include "http/client.h"
#include "http/server.h"

namespace nurtured::daemon {

class App final : public EngineListener {
 public:
  App(const RunOptions& options, rules::ZoneTable zones)
      : surroundings_(read_surroundings()),
        secrets_(surroundings_.credentials_directory, workspace_folder(options.config)),
        keeper_({.config_path = options.config,
                 .secrets = &secrets_,
                 .connector_types = connectors::connector_types(),
                 .zones = std::move(zones),
                 .surroundings = surroundings_},
                clock_) {}

  ~App() override;

  base::Result<void> start();
  // Blocks until it has been told to stop and has done so.
  void run();

  void on_batch(const BatchResult& result) override;
  void on_store_error(const base::Error& error, bool fatal) override;
  void on_clock_jump(base::Milliseconds jump) override;
  void on_alive(Instant now) override;

 private:
  base::Result<void> open_store(const BookFiles& files);
  void open_crash_record();
  base::Result<void> set_aside_poison();
  base::Result<void> listen(const config::Config& config);
  base::Result<void> start_control(const config::Config& config);
  base::Result<void> hand_on_recovered(const config::Config& config);
  void start_dispatcher();
  void use_book(const std::shared_ptr<const config::Config>& config);
  void configure_sender(const std::shared_ptr<const config::Config>& config);
  Dispatcher::Connectors build_connectors(const config::Config& config);
  connectors::Intake intake_of(const std::string& connector);
  std::vector<Telling> tellings_of(const rules::Notification& notification);
  void take_chat(const std::string& connector, const std::vector<connectors::ChatUpdate>& updates,
                 const std::function<void(bool)>& done);
  std::shared_ptr<const RouteSettings> route_settings(
      const std::shared_ptr<const config::Config>& config) const;
  void register_metrics();
  void wait_for_signals();
  void reload();
  void begin_shutdown(const char* why);
  void finish_shutdown();

  SystemClock clock_;
  Surroundings surroundings_;
  config::SystemSecrets secrets_;
  BookKeeper keeper_;
  std::string location_;
  config::Secret store_key_;
  Metrics metrics_;
  Counter& batches_ =
      metrics_.counter("nurtured_batches_total", "Transactions that the engine committed.");
  Counter& inputs_ = metrics_.counter("nurtured_inputs_total", "Inputs that the engine took.");
  Counter& timers_ = metrics_.counter("nurtured_timers_total", "Timers that fired.");
  Histogram& lateness_ = metrics_.histogram(
      "nurtured_due_seconds", "From a timer's due moment to its decision being on disk.",
      lateness_buckets());
  Counter& duplicates_ =
      metrics_.counter("nurtured_duplicates_total", "Repeats that were recognised.");
  Counter& repeats_ = metrics_.counter("nurtured_set_aside_repeats_total",
                                       "Repeats of inputs that are set aside: not taken.");
  std::atomic<bool> store_works_ = true;
  std::atomic<bool> stopping_ = false;
  Instant told_alive_;

  boost::asio::io_context io_{1};  // of the main thread: HTTP, control socket, signals
  boost::asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer shutdown_timer_{io_};
  bool finished_ = false;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Reader> reader_;         // of the main thread
  std::unique_ptr<store::Reader> sender_reader_;  // of the sender's thread
  std::unique_ptr<CrashRecord> crash_record_;     // none for a store in memory
  std::string poison_;                            // what this start set aside, in words
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineThread> engine_thread_;
  std::unique_ptr<IoThread> sender_;  // of connectors and dispatcher
  std::unique_ptr<http::Client> client_;
  std::optional<LinkSigner> signer_;  // of the sender's thread, like what follows
  std::map<std::string, connectors::ChatSide, std::less<>> chat_sides_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::optional<Alarms> alarms_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> admin_server_;
  std::unique_ptr<ControlServer> control_;
};

}  // namespace nurtured::daemon
