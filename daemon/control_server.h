// The control socket: operators' requests from this machine, as JSON over HTTP on a Unix socket.
//
//   POST /v1/OPERATION   a JSON object; the operations are in daemon/operations.h
//   200 {"result": …, "text": "…", "problem": bool}
//   4xx, 5xx {"error": "…", "remedy": "…", "kind": "…"}
//
// Operations run one after another on a thread of their own, so that a slow question never holds up
// ingest. Whoever is root, runs as the daemon's user or belongs to its group may ask; the kernel
// tells who it is.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "daemon/operations.h"
#include "rules/cel/value.h"

namespace boost::asio {
class io_context;
}

namespace nurtured::daemon {

inline constexpr std::size_t control_body_bytes_max = std::size_t{1} << 20;
// Requests that wait for their turn; more are answered 503.
inline constexpr std::size_t control_waiting_max = 100;

class ControlServer {
 public:
  using OnAnswer = std::function<void(const base::Result<Answer>&)>;

  // `io` and `clock` outlive it. `operations` is used by the worker thread alone from now on.
  // Starts the worker, which also does Operations::background() when there is nothing to answer;
  // `on_error` (any thread) hears of errors there. Construct, listen and destroy on the thread that
  // runs `io`, or while nobody does.
  ControlServer(boost::asio::io_context& io, const base::Clock& clock, Operations operations,
                std::function<void(const base::Error&)> on_error);
  // Stops listening, finishes the operation under way and joins. Before the engine's thread stops.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // A socket file of mode 0660. `conflict` when another daemon listens there.
  base::Result<void> listen(const std::string& path);

  // An operation of the daemon's own, SIGHUP's reload for one. `done` is called on the worker's
  // thread.
  void submit(std::string name, cel::Value request, const OnAnswer& done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nurtured::daemon
