#include "http/curl_multi.h"

#include <new>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace nurtured::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

struct MultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// curl_global_init counts its callers, and has been safe on any thread since libcurl 7.84.
class CurlGlobal {
 public:
  CurlGlobal() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::bad_alloc();
  }
  ~CurlGlobal() { curl_global_cleanup(); }
  CurlGlobal(const CurlGlobal&) = delete;
  CurlGlobal& operator=(const CurlGlobal&) = delete;
};

// One socket of libcurl's in Asio's eyes. libcurl owns and closes the descriptor; it says
// CURL_POLL_REMOVE before it does, and then this gives it back.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  using Ready = std::function<void(curl_socket_t, int)>;

  Watch(asio::io_context& io, curl_socket_t socket, Ready ready)
      : descriptor_(io, socket), socket_(socket), ready_(std::move(ready)) {}
  ~Watch() { give_back(); }

  void want(int what) {
    wanted_ = what;
    if ((what & CURL_POLL_IN) != 0) wait(asio::posix::descriptor_base::wait_read, reading_);
    if ((what & CURL_POLL_OUT) != 0) wait(asio::posix::descriptor_base::wait_write, writing_);
  }
  void give_back() {
    wanted_ = CURL_POLL_NONE;
    if (descriptor_.is_open()) descriptor_.release();
  }

 private:
  void wait(asio::posix::descriptor_base::wait_type type, bool& waiting) {
    if (std::exchange(waiting, true)) return;
    descriptor_.async_wait(type, [self = shared_from_this(), type, &waiting](const error_code& e) {
      waiting = false;
      self->fired(type == asio::posix::descriptor_base::wait_read ? CURL_POLL_IN : CURL_POLL_OUT,
                  e);
    });
  }

  void fired(int what, const error_code& error) {
    if (!descriptor_.is_open() || (wanted_ & what) == 0) return;
    const int ready = what == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
    ready_(socket_, error ? ready | CURL_CSELECT_ERR : ready);
    // libcurl speaks up only when its wish changes; an unchanged one still stands.
    if (descriptor_.is_open() && !error) want(wanted_);
  }

  asio::posix::stream_descriptor descriptor_;
  curl_socket_t socket_;
  Ready ready_;
  int wanted_ = CURL_POLL_NONE;
  bool reading_ = false;
  bool writing_ = false;
};

void must(CURLMcode code) {
  if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
}

}  // namespace

CurlHandle make_curl_handle() {
  CurlHandle handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  return handle;
}

class CurlMulti::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, const CurlMultiOptions& options)
      : io_(io), timer_(io), multi_(curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    CURLM* const multi = multi_.get();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.connections_max);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, options.connections_per_host_max);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, options.connections_kept_max);
  }

  TransferId add(CurlHandle handle, Done done) {
    const TransferId id = ++last_id_;
    CURL* const easy = handle.get();
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, reinterpret_cast<char*>(id));
    transfers_.emplace(id, Transfer{std::move(handle), std::move(done)});
    must(curl_multi_add_handle(multi_.get(), easy));
    return id;
  }

  void cancel(TransferId id) {
    const auto found = transfers_.find(id);
    if (found == transfers_.end()) return;
    curl_multi_remove_handle(multi_.get(), found->second.handle.get());
    transfers_.erase(found);
  }

  void resume(TransferId id) {
    const auto found = transfers_.find(id);
    if (found != transfers_.end()) curl_easy_pause(found->second.handle.get(), CURLPAUSE_CONT);
  }

  std::size_t transfers() const { return transfers_.size(); }

  // While this is still whole, for libcurl calls back as it closes its sockets.
  void shut_down() {
    for (auto& [id, transfer] : transfers_) {
      curl_multi_remove_handle(multi_.get(), transfer.handle.get());
    }
    transfers_.clear();
    multi_.reset();
    watches_.clear();
    timer_.cancel();
  }

 private:
  struct Transfer {
    CurlHandle handle;
    Done done;
  };

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<Impl*>(self)->watch(socket, what);
    return 0;
  }
  static int on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<Impl*>(self)->set_timer(milliseconds);
    return 0;
  }

  void watch(curl_socket_t socket, int what) {
    const auto found = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
      if (found == watches_.end()) return;
      found->second->give_back();
      watches_.erase(found);
    } else if (found != watches_.end()) {
      found->second->want(what);
    } else {
      auto ready = [self = weak_from_this()](curl_socket_t fd, int events) {
        if (const auto impl = self.lock()) impl->act(fd, events);
      };
      const auto added =
          watches_.emplace(socket, std::make_shared<Watch>(io_, socket, std::move(ready))).first;
      added->second->want(what);
    }
  }

  void set_timer(long milliseconds) {
    const std::uint64_t turn = ++timer_turn_;
    timer_.cancel();
    if (milliseconds < 0) return;
    if (milliseconds == 0) {
      // Asked for with every transfer: a turn of the loop is cheaper than a timer.
      asio::post(io_, [self = weak_from_this(), turn] {
        const auto impl = self.lock();
        if (impl && impl->timer_turn_ == turn) impl->act(CURL_SOCKET_TIMEOUT, 0);
      });
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([self = weak_from_this()](const error_code& error) {
      const auto impl = self.lock();
      if (impl && !error) impl->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  void act(curl_socket_t socket, int events) {
    if (!multi_) return;
    int running = 0;
    must(curl_multi_socket_action(multi_.get(), socket, events, &running));
    collect();
  }

  // The finished transfers. Their callbacks may add, cancel, or end all of this.
  void collect() {
    const auto self = shared_from_this();
    int left = 0;
    while (multi_) {
      const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
      if (message == nullptr) return;
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      char* id = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &id);
      auto node = transfers_.extract(reinterpret_cast<TransferId>(id));
      curl_multi_remove_handle(multi_.get(), message->easy_handle);
      node.mapped().done(std::move(node.mapped().handle), result);
    }
  }

  CurlGlobal global_;
  asio::io_context& io_;
  asio::steady_timer timer_;
  std::uint64_t timer_turn_ = 0;  // of the latest timer that was asked for
  std::unique_ptr<CURLM, MultiCleanup> multi_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<TransferId, Transfer> transfers_;
  TransferId last_id_ = 0;
};

CurlMulti::CurlMulti(asio::io_context& io, CurlMultiOptions options)
    : impl_(std::make_shared<Impl>(io, options)) {}
CurlMulti::~CurlMulti() {
  impl_->shut_down();
}

CurlMulti::TransferId CurlMulti::add(CurlHandle handle, Done done) {
  return impl_->add(std::move(handle), std::move(done));
}
void CurlMulti::cancel(TransferId id) {
  impl_->cancel(id);
}
void CurlMulti::resume(TransferId id) {
  impl_->resume(id);
}
std::size_t CurlMulti::transfers() const {
  return impl_->transfers();
}

}  // namespace nurtured::http
