#include "daemon/offline.h"

#include <filesystem>

#include "daemon/pauses.h"
#include "http/reply.h"

namespace nurtured::daemon {

bool DirectInbox::submit(std::vector<EngineInput> inputs, Done done) {
  const base::Instant now = clock_.now();
  std::vector<Arrived> arrived;
  arrived.reserve(inputs.size());
  for (auto& input : inputs) arrived.push_back({std::move(input), now});
  const auto result = engine_.process(arrived, now);
  if (done) {
    http::ReplyBatch replies;
    done(result ? base::Result<void>() : base::fail(result.error()), replies);
  }
  return true;
}

base::Result<std::unique_ptr<Offline>> Offline::open(BookKeeper& keeper, const base::Clock& clock,
                                                     bool changing) {
  const BookFiles files = keeper.read();
  const std::string& location = files.location;
  std::unique_ptr<Offline> offline(new Offline);
  if (changing) {
    auto store = store::open(location);
    if (!store) return base::fail(store.error());
    offline->store_ = *std::move(store);
  } else {
    // Before the first start there is nothing to read, which is no reason to make a file.
    const std::string file = store_file(location);
    const bool is_new = !file.empty() && !std::filesystem::exists(file);
    if (is_new) {
      auto empty = store::open("sqlite::memory:");
      if (!empty) return base::fail(empty.error());
      offline->reader_ = *std::move(empty);
    } else {
      auto reader = store::open_reader(location, clock);
      if (!reader) return base::fail(reader.error());
      offline->reader_ = *std::move(reader);
    }
  }
  const auto config = keeper.adopt(files, offline->reader());
  if (!config) return base::fail(config.error());
  OperationsContext context{
      .reader = offline->reader(), .keeper = keeper, .clock = clock, .location = location};
  if (changing) {
    const auto pauses = load_pauses(*offline->store_);
    if (!pauses) return base::fail(pauses.error());
    offline->engine_ =
        std::make_unique<Engine>(*offline->store_, (*config)->book,
                                 EngineOptions{.batch_wakes_max = 0, .keep_decisions = false});
    offline->engine_->set_pauses(*pauses);
    offline->inbox_ = std::make_unique<DirectInbox>(*offline->engine_, clock);
    context.inbox = offline->inbox_.get();
    context.post = [engine = offline->engine_.get(),
                    store = offline->store_.get()](const EngineJob& job) { job(*engine, *store); };
  }
  offline->operations_ = std::make_unique<Operations>(std::move(context));
  return offline;
}

}  // namespace nurtured::daemon
