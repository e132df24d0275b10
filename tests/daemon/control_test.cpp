#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <sys/stat.h>

#include "daemon/control_client.h"
#include "daemon/control_server.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;

namespace {

// The world behind a control socket, with the io_context on a thread of its own.
class Controlled {
 public:
  Controlled() {
    world.start();
    server = std::make_unique<daemon::ControlServer>(
        io_, world.clock, daemon::Operations(*world.operations),
        [](const base::Error& error) { FAIL(base::to_string(error)); });
    listening = server->listen(path());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Controlled() {
    boost::asio::post(io_, [this] { server.reset(); });
    guard_.reset();
    thread_.join();
  }
  Controlled(const Controlled&) = delete;
  Controlled& operator=(const Controlled&) = delete;

  std::string path() const { return world.folder / "control"; }

  tests::OperatorWorld world;
  std::unique_ptr<daemon::ControlServer> server;
  base::Result<void> listening;

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      io_.get_executor()};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a command's question reaches the daemon and its answer comes back") {
  const Controlled controlled;
  REQUIRE(controlled.listening);
  const auto answer = daemon::ask_daemon(
      controlled.path(), "contact/add",
      cel::Map{{"contact", "anna"}, {"attributes", cel::Map{{"first_name", "Anna"}}}});
  if (!answer) FAIL(base::to_string(answer.error()));
  CHECK(answer->result.find("id")->as_string() == "anna");
  CHECK(answer->text.find("anna") == 0);
  CHECK_FALSE(answer->problem);
}

TEST_CASE("an error comes back as what it was") {
  const Controlled controlled;
  const auto answer =
      daemon::ask_daemon(controlled.path(), "contact/show", cel::Map{{"contact", "nobody"}});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == base::ErrorKind::not_found);
  CHECK(answer.error().message == "there is no contact nobody");
  CHECK_FALSE(answer.error().remedy.empty());
}

TEST_CASE("the socket is for its owner and group alone") {
  const Controlled controlled;
  struct stat status{};
  REQUIRE(::stat(controlled.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
}

TEST_CASE("a second daemon does not take the socket") {
  const Controlled controlled;
  tests::OperatorWorld other;
  other.start();
  boost::asio::io_context io;
  daemon::ControlServer second(io, other.clock, daemon::Operations(*other.operations),
                               [](const base::Error&) {});
  const auto listening = second.listen(controlled.path());
  REQUIRE_FALSE(listening);
  CHECK(listening.error().kind == base::ErrorKind::conflict);
}

TEST_CASE("where nobody listens there is no daemon") {
  const tests::TemporaryFolder folder;
  for (const std::string& path :
       {std::string(), folder / "control", folder / "no/such/folder", std::string(300, 'x')}) {
    INFO(path);
    CHECK_FALSE(daemon::daemon_listens(path));
    const auto answer = daemon::ask_daemon(path, "status", cel::Map{});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == base::ErrorKind::not_found);
  }
}

TEST_CASE("the socket goes with the daemon") {
  std::string path;
  {
    const Controlled controlled;
    path = controlled.path();
    CHECK(daemon::daemon_listens(path));
  }
  CHECK_FALSE(daemon::daemon_listens(path));
}
