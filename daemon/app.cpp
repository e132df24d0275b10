#include "daemon/app.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "config/problem.h"
#include "config/zones.h"
#include "connectors/registry.h"
#include "daemon/alarms.h"
#include "daemon/book_keeper.h"
#include "daemon/control_server.h"
#include "daemon/crash_record.h"
#include "daemon/dispatcher.h"
#include "daemon/engine_thread.h"
#include "daemon/io_thread.h"
#include "daemon/links.h"
#include "daemon/metrics.h"
#include "daemon/operations.h"
#include "daemon/pauses.h"
#include "daemon/places.h"
#include "daemon/recovery.h"
#include "daemon/routes.h"
#include "daemon/service_manager.h"
#include "daemon/set_aside.h"
#include "daemon/store_key.h"
#include "daemon/system_clock.h"
#include "http/address.h"
#include "http/client.h"
#include "http/server.h"
#include "rules/gates.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds drain_time_max{20};
// Of all of a shutdown; well within TimeoutStopSec of systemd/nurtured.service.
constexpr std::chrono::seconds shutdown_time_max{30};

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

  asio::io_context io_{1};  // of the main thread: HTTP, control socket, signals
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer shutdown_timer_{io_};
  bool finished_ = false;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Reader> reader_;  // of the main thread
  std::unique_ptr<CrashRecord> crash_record_;  // none for a store in memory
  std::string poison_;                         // what this start set aside, in words
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineThread> engine_thread_;
  std::unique_ptr<IoThread> sender_;  // of connectors and dispatcher
  std::unique_ptr<http::Client> client_;
  std::optional<LinkSigner> signer_;  // of the sender's thread
  std::unique_ptr<Dispatcher> dispatcher_;
  std::optional<Alarms> alarms_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> admin_server_;
  std::unique_ptr<ControlServer> control_;
};

// A start that failed leaves threads behind that use what is below them.
App::~App() {
  control_.reset();
  if (engine_thread_) engine_thread_->stop();
  if (sender_) sender_->stop();
}

base::Result<void> App::open_store(const BookFiles& files) {
  location_ = files.location;
  auto opened = store::open(location_, store_options(files.config.get()));
  if (!opened) return base::fail(opened.error());
  store_ = *std::move(opened);
  return {};
}

// A daemon whose end cannot be recorded is better than none.
void App::open_crash_record() {
  const std::string path = crash_record_path(store_file(location_));
  if (path.empty()) return;
  auto record = CrashRecord::open(path, read_boot_id());
  if (record) {
    crash_record_ = *std::move(record);
  } else {
    spdlog::warn("an input that ends the daemon would be met again at each start: {}",
                 base::to_string(record.error()));
  }
}

base::Result<void> App::set_aside_poison() {
  if (crash_record_) {
    const auto poison = set_aside_suspect(*crash_record_, *store_, clock_.now());
    if (!poison) return base::fail(poison.error());
    if (*poison) poison_ = (*poison)->text;
  }
  return load_set_aside(*engine_, *store_);
}

base::Result<void> App::start() {
  BookFiles files = keeper_.read();
  log_problems(files.problems);
  if (auto opened = open_store(files); !opened) return opened;
  open_crash_record();
  auto book = keeper_.start(std::move(files), *store_);
  if (!book) return base::fail(book.error());
  if (book->applied) {
    spdlog::info("applied the workspace's files\n{}", to_text(book->plan));
  }
  const auto config = book->config;
  auto key = load_store_key(*store_, clock_.now());
  if (!key) return base::fail(key.error());
  store_key_ = *std::move(key);
  engine_ = std::make_unique<Engine>(*store_, config->book, EngineOptions{.keep_decisions = false});
  if (auto done = set_aside_poison(); !done) return done;
  auto pauses = load_pauses(*store_);
  if (!pauses) return base::fail(pauses.error());
  engine_->set_pauses(*pauses);
  if (pauses->all) spdlog::warn("everything is paused: `nurtured resume` goes on");
  engine_thread_ = std::make_unique<EngineThread>(
      *engine_, *store_, clock_, *this,
      EngineThreadOptions{.uptime = since_boot, .crash_record = crash_record_.get()});
  start_dispatcher();
  if (book->broken_files) {
    alarms_->raise("files", "the files have errors: the book that was applied last runs instead" +
                                first_error(book->problems));
  }
  if (!poison_.empty()) {
    alarms_->raise("set-aside",
                   "the daemon ended again and again at this input, which is now set "
                   "aside: " +
                       poison_ + "; see `nurtured event list --set-aside`");
  }
  if (auto recovered = hand_on_recovered(*config); !recovered) return recovered;
  register_metrics();
  auto reader = store::open_reader(location_, clock_);
  if (!reader) return base::fail(reader.error());
  reader_ = *std::move(reader);
  routes_ = std::make_unique<Routes>(
      *engine_thread_, metrics_, clock_,
      [this]() -> base::Result<void> {
        if (stopping_) return base::fail(base::ErrorKind::unavailable, "going down");
        if (!store_works_) return base::fail(base::ErrorKind::disk, "the store cannot write");
        return {};
      },
      route_settings(config));
  if (auto listening = listen(*config); !listening) return listening;
  if (auto control = start_control(*config); !control) return control;
  if (crash_record_) {
    crash_record_->begin(clock_.now());
    if (crash_record_->is_one_by_one(clock_.now())) {
      spdlog::warn("the last run did not end cleanly: inputs are taken one by one until {}",
                   base::to_rfc3339(crash_record_->one_by_one_until()));
    }
  }
  engine_thread_->start();
  wait_for_signals();
  return {};
}

void App::start_dispatcher() {
  sender_ = std::make_unique<IoThread>();
  sender_->run([this] {
    client_ = std::make_unique<http::Client>(sender_->io());
    DispatcherHooks hooks;
    hooks.links = [this](const DeliveryNotice& notice) {
      return message_links(keeper_.current(), *signer_, notice);
    };
    hooks.message_id = [this](const std::string& key) { return message_id_token(store_key_, key); };
    hooks.alarm = [this](const ConnectorAlarm& its) { alarms_->raise(its); };
    hooks.told = [this](Instant until) {
      engine_thread_->post([until](Engine&, store::Store& store) {
        store::Batch batch;
        batch.now = until;
        batch.meta.push_back(told_entry(until));
        if (const auto done = store.commit(batch); !done) {
          spdlog::error("the humans may be told again after a start: {}",
                        base::to_string(done.error()));
        }
      });
    };
    if (crash_record_) {
      hooks.rendering = [&mark = crash_record_->rendering()](std::string_view key) {
        if (key.empty()) return mark.clear();
        mark.mark(store::dedup_key("rendering", key), key);
      };
    }
    hooks.count = [this](const std::string& connector, const connectors::Outcome& outcome) {
      static constexpr std::array<const char*, 4> names = {"delivered", "deferred", "rejected",
                                                           "uncertain"};
      metrics_
          .counter("nurtured_deliveries_total", "Messages handed to connectors, by how it ended.",
                   {{"connector", connector}, {"outcome", names.at(outcome.index())}})
          .add();
    };
    dispatcher_ =
        std::make_unique<Dispatcher>(sender_->io(), *engine_thread_, clock_, std::move(hooks));
    alarms_.emplace(keeper_, *dispatcher_, clock_);
    configure_sender(keeper_.current());
  });
}

// On the sender's thread.
void App::configure_sender(const std::shared_ptr<const config::Config>& config) {
  signer_ = link_signer(config->keys, store_key_);
  dispatcher_->configure(config, build_connectors(*config));
}

Dispatcher::Connectors App::build_connectors(const config::Config& config) {
  Dispatcher::Connectors built;
  for (const auto& [name, section] : config.connectors) {
    config::Problems problems;
    config::Section reader(section.node, "connectors." + name, problems, &secrets_);
    reader.allow({"type"});
    auto connector = connectors::make_connector(section.type, reader,
                                                {sender_->io(), *client_, clock_, config.root});
    if (connector != nullptr) {
      built.emplace(name, std::move(connector));
    } else {
      log_problems(problems.take());
    }
  }
  return built;
}

base::Result<void> App::hand_on_recovered(const config::Config& config) {
  std::optional<Suspect> rendering;
  if (crash_record_) rendering = crash_record_->found().rendering;
  auto found = recover_deliveries(*store_, config, rendering);
  if (!found) return base::fail(found.error());
  if (!found->ready.empty() || !found->outcomes.empty()) {
    spdlog::info("{} messages wait to be sent, {} were on their way when the daemon ended",
                 found->ready.size(), found->outcomes.size());
  }
  if (!found->outcomes.empty()) engine_thread_->submit(std::move(found->outcomes), {});
  if (!found->ready.empty()) dispatcher_->take(std::move(found->ready));
  auto untold = untold_notifications(*store_);
  if (!untold) return base::fail(untold.error());
  if (!untold->empty()) dispatcher_->tell_kept(*std::move(untold));
  return {};
}

std::shared_ptr<const RouteSettings> App::route_settings(
    const std::shared_ptr<const config::Config>& config) const {
  std::string brand;
  if (const cel::Value* named = config->book->settings().vars.find("brand");
      named && named->is_string()) {
    brand = named->as_string();
  }
  return std::make_shared<const RouteSettings>(RouteSettings{
      .write_keys = WriteKeys(config->keys.write),
      .links = link_signer(config->keys, store_key_),
      .typed =
          [config](std::string_view event, cel::Value properties) {
            return rules::typed_properties(config->book->settings().events, event,
                                           std::move(properties));
          },
      .public_url = config->http.base_url(),
      .brand = brand,
      .consent = config->pages.consent,
      .channels = config->book->settings().default_via,
      .topics = config->book->topics(),
      .may_send =
          [config](const rules::Snapshot& known, const std::string& channel) {
            return rules::is_wanted(*config->book, known, channel);
          },
      .find_contact = [this](rules::ContactId contact) { return reader_->contact(contact); }});
}

base::Result<void> App::listen(const config::Config& config) {
  const auto open = [&](const std::string& where, RouteSet served,
                        std::unique_ptr<http::Server>& server) -> base::Result<void> {
    const auto address = http::parse_endpoint(where);
    if (!address) return base::fail(address.error());
    http::ServerOptions options{.body_bytes_max_for = route_body_bytes_max,
                                .trusted_proxies = config.http.trusted_proxies,
                                .refusal = server_refusal};
    server = std::make_unique<http::Server>(
        io_, clock_, std::move(options),
        [this, served](http::Request&& request, http::Reply reply) {
          routes_->handle(std::move(request), std::move(reply), served);
        });
    const auto port = server->listen_tcp(address->host, address->port);
    if (!port) return base::fail(port.error());
    spdlog::info("listening on {}:{}", address->host, *port);
    return {};
  };
  const bool split = !config.http.admin_listen.empty();
  if (auto done = open(config.http.listen, split ? RouteSet::public_only : RouteSet::all, server_);
      !done) {
    return done;
  }
  if (!split) return {};
  return open(config.http.admin_listen, RouteSet::operations_only, admin_server_);
}

base::Result<void> App::start_control(const config::Config& config) {
  OperationsContext context{
      .reader = *reader_,
      .keeper = keeper_,
      .clock = clock_,
      .location = location_,
      .inbox = engine_thread_.get(),
      .post = [this](EngineJob job) { engine_thread_->post(std::move(job)); },
      .prepare_reload =
          [this](std::shared_ptr<const config::Config> next) -> base::Result<ReloadDone> {
        return [this, next = std::move(next)] { use_book(next); };
      },
      .resumed =
          [this](const std::string& what) {
            asio::post(sender_->io(), [this, what] { dispatcher_->release(what); });
          }};
  control_ = std::make_unique<ControlServer>(
      io_, clock_, Operations(std::move(context)),
      [](const base::Error& error) { spdlog::error("control: {}", base::to_string(error)); });
  const std::string path = control_path(config.root, location_, surroundings_);
  if (!path.empty()) {
    if (auto listening = control_->listen(path); !listening) return listening;
  }
  const std::string second = workspace_control_path(config.root, surroundings_);
  if (second.empty()) return {};
  if (const auto listening = control_->listen(second); !listening) {
    spdlog::info("commands find this daemon by its store alone: {}",
                 base::to_string(listening.error()));
  }
  return {};
}

// On the engine's thread, once a reload is on disk.
void App::use_book(const std::shared_ptr<const config::Config>& config) {
  asio::post(sender_->io(), [this, config] { configure_sender(config); });
  asio::post(io_, [this, settings = route_settings(config)] { routes_->set(settings); });
}

void App::register_metrics() {
  metrics_.gauge("nurtured_info", "The program's version.", {{"version", NURTURED_VERSION}}).set(1);
  auto& inbox = metrics_.gauge("nurtured_inbox_inputs", "Inputs waiting for the engine.");
  auto& broken =
      metrics_.gauge("nurtured_files_broken",
                     "1 while the workspace's files cannot run and the book applied before does.");
  auto& works = metrics_.gauge("nurtured_store_works", "0 while the store cannot write.");
  auto& waiting =
      metrics_.gauge("nurtured_dispatcher_waiting", "Messages waiting for a connector.");
  auto& set_aside = metrics_.gauge("nurtured_set_aside",
                                   "Inputs that ended the daemon and are not taken until retried.");
  metrics_.before_text([this, &inbox, &broken, &works, &waiting, &set_aside] {
    set_aside.set(static_cast<double>(engine_thread_->stats().set_aside));
    inbox.set(static_cast<double>(engine_thread_->stats().inbox));
    broken.set(keeper_.files_broken() ? 1 : 0);
    works.set(store_works_ ? 1 : 0);
    waiting.set(static_cast<double>(dispatcher_->waiting()));
  });
}

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

}  // namespace

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
