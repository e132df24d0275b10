#include "daemon/app.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "config/problem.h"
#include "config/zones.h"
#include "connectors/registry.h"
#include "daemon/book_keeper.h"
#include "daemon/control_server.h"
#include "daemon/dispatcher.h"
#include "daemon/engine_thread.h"
#include "daemon/links.h"
#include "daemon/metrics.h"
#include "daemon/operations.h"
#include "daemon/pauses.h"
#include "daemon/places.h"
#include "daemon/routes.h"
#include "daemon/service_manager.h"
#include "daemon/system_clock.h"
#include "http/client.h"
#include "http/server.h"

namespace nurtured::daemon {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds drain_time_max{20};
constexpr std::size_t recovered_max = 1'000'000;  // deliveries that a start hands on
// Stored: the key that signs links where nurtured.yaml names none.
constexpr std::string_view sign_key_entry = "sign_key";

// A thread that runs one io_context until it is told to stop.
class IoThread {
 public:
  IoThread() : guard_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  ~IoThread() { stop(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  asio::io_context& io() { return io_; }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // Runs `job` on the thread and waits for it.
  template <class Job>
  void run(Job job) {
    std::promise<void> done;
    asio::post(io_, [&] {
      job();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::thread thread_;
};

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

base::Result<ListenAddress> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress address;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    const auto digits = std::string_view(text).substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error == std::errc{} && end == digits.data() + digits.size() && !address.host.empty()) {
      return address;
    }
  }
  return base::fail("\"" + text + "\" is not an address to listen on",
                    "write it like \"127.0.0.1:8025\"");
}

store::Options store_options(const config::Config* config) {
  store::Options options;
  if (config != nullptr) {
    options.keep_events = config->keep.events.nominal();
    options.keep_decisions = config->keep.decisions.nominal();
    options.dedup = config->dedup.nominal();
  }
  return options;
}

void log_problems(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems) {
    const std::string line = base::to_string(problem.place) + ": " + problem.message +
                             (problem.remedy.empty() ? "" : "; " + problem.remedy);
    if (problem.severity == config::Severity::error) spdlog::error("{}", line);
    if (problem.severity == config::Severity::warning) spdlog::warn("{}", line);
  }
}

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
  void on_alive(Instant now) override;

 private:
  base::Result<void> open_store(const BookFiles& files);
  base::Result<void> load_sign_keys(const config::Config& config);
  base::Result<void> listen(const config::Config& config);
  base::Result<void> start_control(const config::Config& config);
  base::Result<void> recover_deliveries(const config::Config& config);
  void start_dispatcher();
  void use_book(const std::shared_ptr<const config::Config>& config);
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
  std::vector<config::Secret> sign_keys_;
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
  std::atomic<bool> store_works_ = true;
  std::atomic<bool> files_broken_ = false;
  std::atomic<bool> stopping_ = false;
  Instant told_alive_;

  asio::io_context io_{1};  // of the main thread: HTTP, control socket, signals
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Reader> reader_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineThread> engine_thread_;
  std::unique_ptr<IoThread> sender_;  // of connectors and dispatcher
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Dispatcher> dispatcher_;
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

base::Result<void> App::load_sign_keys(const config::Config& config) {
  sign_keys_ = config.keys.sign;
  if (!sign_keys_.empty()) return {};
  auto kept = store_->meta(sign_key_entry);
  if (!kept) return base::fail(kept.error());
  if (!*kept) {
    store::Batch batch{.now = clock_.now()};
    *kept = base::to_base64url(base::random_bytes(32));
    batch.meta.push_back({std::string(sign_key_entry), **kept});
    if (auto done = store_->commit(batch); !done) return done;
  }
  sign_keys_.emplace_back(**kept);
  return {};
}

base::Result<void> App::start() {
  BookFiles files = keeper_.read();
  log_problems(files.problems);
  if (auto opened = open_store(files); !opened) return opened;
  auto book = keeper_.start(std::move(files), *store_);
  if (!book) return base::fail(book.error());
  if (book->broken_files) {
    files_broken_ = true;
    spdlog::error("the files have errors: the book that was applied last runs instead");
  } else if (book->applied) {
    spdlog::info("applied the workspace's files\n{}", to_text(book->plan));
  }
  const auto config = book->config;
  if (auto keys = load_sign_keys(*config); !keys) return keys;
  engine_ = std::make_unique<Engine>(*store_, config->book, EngineOptions{.keep_decisions = false});
  auto pauses = load_pauses(*store_);
  if (!pauses) return base::fail(pauses.error());
  engine_->set_pauses(*pauses);
  if (pauses->all) spdlog::warn("everything is paused: `nurtured resume` goes on");
  engine_thread_ = std::make_unique<EngineThread>(*engine_, *store_, clock_, *this);
  start_dispatcher();
  if (auto recovered = recover_deliveries(*config); !recovered) return recovered;
  register_metrics();
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
      const auto config = keeper_.current();
      MessageLinks links;
      if (rules::is_marketing(notice.delivery.kind)) {
        links.unsubscribe_url =
            unsubscribe_url(LinkSigner(sign_keys_), config->http.base_url(),
                            {notice.delivery.contact, notice.delivery.to.channel,
                             notice.delivery.key, notice.locale});
      }
      return links;
    };
    hooks.message_id = [this](const std::string& key) {
      const auto digest = base::hmac_sha256(sign_keys_.front().reveal(), "message-id:" + key);
      return base::to_base64url(base::view(digest).substr(0, 18));
    };
    hooks.alarm = [](const ConnectorAlarm& alarm) {
      if (alarm.reason.empty()) {
        spdlog::info("connector {} works again", alarm.connector);
      } else {
        spdlog::error("connector {} rests: {}", alarm.connector, alarm.reason);
      }
    };
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
    dispatcher_->configure(keeper_.current(), build_connectors(*keeper_.current()));
  });
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

// What a crash or a stop left: `ready` was provably not sent and is handed on; `committing` may
// have left, unless its receiver knows our key and takes a repeat for what it is.
base::Result<void> App::recover_deliveries(const config::Config& config) {
  std::vector<DeliveryNotice> ready;
  std::vector<EngineInput> outcomes;
  for (const auto state : {rules::DeliveryChange::ready, rules::DeliveryChange::committing}) {
    auto found = store_->deliveries({.state = state, .limit = recovered_max});
    if (!found) return base::fail(found.error());
    for (auto& delivery : *found) {
      if (state == rules::DeliveryChange::ready) {
        ready.push_back({.delivery = std::move(delivery)});
        continue;
      }
      const auto channel = config.book->settings().channels.find(delivery.to.channel);
      const connectors::Descriptor* descriptor = nullptr;
      if (channel != config.book->settings().channels.end()) {
        const auto connector = config.connectors.find(channel->second.connector);
        if (connector != config.connectors.end()) {
          descriptor = connectors::find_descriptor(connector->second.type);
        }
      }
      const bool repeats = descriptor != nullptr && descriptor->honours_key;
      outcomes.emplace_back(
          ContactInput{delivery.contact,
                       rules::Outcome{.delivery = delivery.key,
                                      .kind = repeats ? rules::OutcomeKind::unsent
                                                      : rules::OutcomeKind::uncertain,
                                      .reason = "the daemon ended before the outcome was known"}});
    }
  }
  if (!ready.empty() || !outcomes.empty()) {
    spdlog::info("{} messages wait to be sent, {} were on their way when the daemon ended",
                 ready.size(), outcomes.size());
  }
  if (!outcomes.empty()) engine_thread_->submit(std::move(outcomes), {});
  if (!ready.empty()) dispatcher_->take(std::move(ready));
  return {};
}

std::shared_ptr<const RouteSettings> App::route_settings(
    const std::shared_ptr<const config::Config>& config) const {
  std::string brand;
  if (const cel::Value* named = config->book->settings().vars.find("brand");
      named && named->is_string()) {
    brand = named->as_string();
  }
  return std::make_shared<const RouteSettings>(
      RouteSettings{.write_keys = WriteKeys(config->keys.write),
                    .links = LinkSigner(sign_keys_),
                    .typed =
                        [config](std::string_view event, cel::Value properties) {
                          return config::typed_properties(*config, event, std::move(properties));
                        },
                    .public_url = config->http.base_url(),
                    .brand = brand});
}

base::Result<void> App::listen(const config::Config& config) {
  const auto open = [&](const std::string& where, RouteSet served,
                        std::unique_ptr<http::Server>& server) -> base::Result<void> {
    const auto address = parse_listen(where);
    if (!address) return base::fail(address.error());
    http::ServerOptions options{.body_bytes_max_for = route_body_bytes_max,
                                .trusted_proxies = config.http.trusted_proxies};
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
  auto reader = store::open_reader(location_, clock_);
  if (!reader) return base::fail(reader.error());
  reader_ = *std::move(reader);
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
      }};
  control_ = std::make_unique<ControlServer>(
      io_, clock_, Operations(std::move(context)),
      [](const base::Error& error) { spdlog::error("control: {}", base::to_string(error)); });
  const std::string path = control_path(config.root, location_, surroundings_);
  if (path.empty()) return {};
  return control_->listen(path);
}

// On the engine's thread, once a reload is on disk.
void App::use_book(const std::shared_ptr<const config::Config>& config) {
  files_broken_ = false;
  asio::post(sender_->io(),
             [this, config] { dispatcher_->configure(config, build_connectors(*config)); });
  asio::post(io_, [this, settings = route_settings(config)] { routes_->set(settings); });
}

void App::register_metrics() {
  metrics_.gauge("nurtured_info", "The program's version.", {{"version", NURTURED_VERSION}}).set(1);
  auto& inbox = metrics_.gauge("nurtured_inbox_inputs", "Inputs waiting for the engine.");
  auto& broken =
      metrics_.gauge("nurtured_files_broken",
                     "1 while the workspace's files have errors and the applied book runs.");
  auto& works = metrics_.gauge("nurtured_store_works", "0 while the store cannot write.");
  auto& waiting =
      metrics_.gauge("nurtured_dispatcher_waiting", "Messages waiting for a connector.");
  metrics_.before_text([this, &inbox, &broken, &works, &waiting] {
    inbox.set(static_cast<double>(engine_thread_->stats().inbox));
    broken.set(files_broken_ ? 1 : 0);
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
  if (!result.deliveries.empty()) dispatcher_->take(result.deliveries);
  if (!result.notifications.empty()) dispatcher_->tell(result.notifications);
}

void App::on_store_error(const base::Error& error, bool fatal) {
  store_works_ = false;
  spdlog::error("store: {}", base::to_string(error));
  if (!fatal) return;
  // What is on the disk is no longer known: only a start that reads it anew can tell (DESIGN
  // section 5).
  spdlog::critical("the store failed; the process ends to recover from what is on the disk");
  spdlog::shutdown();
  std::_Exit(EXIT_FAILURE);
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
  control_->submit("reload", cel::Value(cel::Map{}), [](const base::Result<Answer>& answer) {
    if (!answer) {
      spdlog::error("reload: {}", base::to_string(answer.error()));
    } else if (answer->problem) {
      spdlog::error("reload refused; the former book runs on\n{}", answer->text);
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
  const auto left = std::make_shared<int>(admin_server_ ? 2 : 1);
  const auto one_drained = [this, left] {
    if (--*left > 0) return;
    asio::post(sender_->io(), [this] {
      dispatcher_->drain([this] { asio::post(io_, [this] { finish_shutdown(); }); });
    });
  };
  server_->drain(drain_time_max, one_drained);
  if (admin_server_) admin_server_->drain(drain_time_max, one_drained);
}

void App::finish_shutdown() {
  control_.reset();
  engine_thread_->stop();
  sender_->run([this] {
    dispatcher_.reset();
    client_.reset();
  });
  sender_->stop();
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
