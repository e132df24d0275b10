// The start: what is opened, read and tied together before the daemon runs.
#include <array>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "config/problem.h"
#include "daemon/app_impl.h"
#include "daemon/mail_feedback.h"
#include "daemon/mail_intake.h"
#include "daemon/mail_token.h"
#include "daemon/operations.h"
#include "daemon/pauses.h"
#include "daemon/recovery.h"
#include "daemon/set_aside.h"
#include "daemon/store_key.h"
#include "http/address.h"
#include "rules/gates.h"

namespace nurtured::daemon {

namespace asio = boost::asio;

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
  for (auto* reader : {&reader_, &sender_reader_}) {
    auto opened = store::open_reader(location_, clock_);
    if (!opened) return base::fail(opened.error());
    *reader = *std::move(opened);
  }
  start_dispatcher();
  if (book->broken_files) {
    alarms_->raise("files", "the files have errors: the book that was applied last runs instead" +
                                first_error(book->problems));
  }
  if (!poison_.empty()) {
    alarms_->raise("set-aside", "an input ended the daemon again and again and is set aside: " +
                                    poison_ + "; see `nurtured event list --set-aside`");
  }
  if (auto recovered = hand_on_recovered(*config); !recovered) return recovered;
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
      const auto config = keeper_.current();
      MessageLinks links = message_links(config, *signer_, notice);
      links.chat_urls =
          start_links(*config, chat_sides_, signer_->sign_start(notice.delivery.contact));
      return links;
    };
    hooks.tellings = [this](const rules::Notification& its) { return tellings_of(its); };
    hooks.message_id = [this](const std::string& key) { return mail_token(store_key_, key); };
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
  chat_sides_ = chat_sides(*config, &secrets_);
  dispatcher_->configure(config, build_connectors(*config));
}

Dispatcher::Connectors App::build_connectors(const config::Config& config) {
  Dispatcher::Connectors built;
  for (const auto& [name, section] : config.connectors) {
    config::Problems problems;
    config::Section reader(section.node, "connectors." + name, problems, &secrets_);
    reader.allow({"type"});
    const std::string webhook_url =
        config.http.public_url.empty() ? "" : config.http.public_url + "/hooks/" + name;
    auto connector = connectors::make_connector(section.type, reader,
                                                {.io = sender_->io(),
                                                 .client = *client_,
                                                 .clock = clock_,
                                                 .folder = config.root,
                                                 .webhook_url = webhook_url});
    if (connector != nullptr) {
      connector->listen(intake_of(name));
      built.emplace(name, std::move(connector));
    } else {
      log_problems(problems.take());
    }
  }
  return built;
}

connectors::Intake App::intake_of(const std::string& connector) {
  // A mailbox is read on a thread of its own, alarms are raised on the sender's.
  const auto tell = [this, connector](const std::optional<base::Error>& failure) {
    asio::post(sender_->io(), [this, connector, failure] {
      if (!failure) return spdlog::info("what comes back by {} is read again", connector);
      alarms_->raise("inbox." + connector, "what comes back by " + connector +
                                               " cannot be read: " + base::to_string(*failure));
    });
  };
  auto intake = make_intake({*engine_thread_, store_key_, clock_}, connector, tell);
  intake.chat = [this, connector](std::vector<connectors::ChatUpdate> updates,
                                  std::function<void(bool)> done) {
    asio::post(sender_->io(), [this, connector, updates = std::move(updates),
                               done = std::move(done)] { take_chat(connector, updates, done); });
  };
  return intake;
}

// On the sender's thread, like the two below.
void App::take_chat(const std::string& connector,
                    const std::vector<connectors::ChatUpdate>& updates,
                    const std::function<void(bool)>& done) {
  const auto config = keeper_.current();
  auto inputs = inputs_of_chat({*config, *signer_, connector}, updates, clock_.now());
  if (inputs.empty()) return done(true);
  const bool is_queued = engine_thread_->submit(
      std::move(inputs),
      [this, done](const base::Result<void>& outcome, http::ReplyBatch& /*replies*/) {
        // A connector lives on its own thread.
        asio::post(sender_->io(), [done, kept = outcome.has_value()] { done(kept); });
      });
  if (!is_queued) done(false);
}

std::vector<Telling> App::tellings_of(const rules::Notification& notification) {
  const auto config = keeper_.current();
  TellingContext context{.config = *config, .signer = *signer_};
  if (!notification.contact) return tellings(context, notification);
  const auto known = sender_reader_->contact(notification.contact);
  const auto timeline = sender_reader_->timeline(notification.contact, talk_entries_max);
  if (!known || !timeline) {
    spdlog::error("the talk with a contact cannot be read: {}",
                  base::to_string(known ? timeline.error() : known.error()));
    return tellings(context, notification);
  }
  if (!*known) return tellings(context, notification);
  context.contact = &(*known)->contact;
  context.timeline = &*timeline;
  return tellings(context, notification);
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
      .typed_texts =
          [config](std::string_view event, cel::Value properties) {
            return rules::typed_texts(config->book->settings().events, event,
                                      std::move(properties));
          },
      .public_url = config->http.base_url(),
      .brand = brand,
      .consent = config->pages.consent,
      .channels = config->book->settings().default_via,
      .topics = config->book->topics(),
      .hooks = {config, &config->hooks},
      .chats = chat_sides(*config, &secrets_),
      .inputs_of_chat =
          [config, signer = link_signer(config->keys, store_key_)](
              const std::string& connector, const std::vector<connectors::ChatUpdate>& updates,
              Instant now) { return inputs_of_chat({*config, signer, connector}, updates, now); },
      .may_send =
          [config](const rules::Snapshot& known, const std::string& channel) {
            return rules::is_wanted(*config->book, known, channel);
          },
      .find_contact = [this](rules::ContactId contact) { return reader_->contact(contact); },
      .find_delivery = [this](const std::string& key) { return reader_->delivery(key); },
      .timeline =
          [this](rules::ContactId contact) { return reader_->timeline(contact, talk_entries_max); },
      .zone = &config->book->settings().zone});
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
      .inputs_of_mail =
          [this](std::string_view bytes) { return inputs_of_mail(store_key_, bytes); },
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

}  // namespace nurtured::daemon
