// libcurl's multi interface driven by an io_context: sockets are watched and timers set as libcurl
// asks, so there is neither a polling thread nor a blocking call (name lookups are libcurl's own).
// Connections are kept and used again. The HTTP client (http/client.h) and the SMTP connector stand
// on it.
//
// All on the one thread that runs the io_context.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include <curl/curl.h>

namespace boost::asio {
class io_context;
}

namespace nurtured::http {

struct CurlEasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CurlListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
// One prepared or finished transfer. What its options point to is the owner's to keep alive.
using CurlHandle = std::unique_ptr<CURL, CurlEasyCleanup>;
using CurlList = std::unique_ptr<curl_slist, CurlListFree>;
// Never null: throws std::bad_alloc.
CurlHandle make_curl_handle();

struct CurlMultiOptions {
  long connections_max = 256;          // at once; more transfers wait their turn inside libcurl
  long connections_per_host_max = 32;  // at once to one host
  long connections_kept_max = 64;      // idle ones kept for use again
};

class CurlMulti {
 public:
  using TransferId = std::uint64_t;
  // The handle comes back so that its getinfo can be read; the options it was given still point
  // where they pointed.
  using Done = std::function<void(CurlHandle, CURLcode)>;

  // `io` outlives this.
  CurlMulti(boost::asio::io_context& io, CurlMultiOptions options);
  // Drops all transfers without calling their `done`.
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Starts a transfer; sets CURLOPT_NOSIGNAL and CURLOPT_PRIVATE on the handle and leaves the rest
  // as it is. `done` is called once, on the io_context's thread and never from inside add(). A
  // transfer without CURLOPT_TIMEOUT_MS may last for ever: set one.
  TransferId add(CurlHandle handle, Done done);
  // Breaks a transfer off; its `done` is not called. Unknown and finished ids are ignored. Not from
  // inside a libcurl callback.
  void cancel(TransferId id);
  // Resumes a transfer whose read callback answered CURL_READFUNC_PAUSE.
  void resume(TransferId id);
  std::size_t transfers() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nurtured::http
