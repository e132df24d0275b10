// Other programs that commands run, and files that are replaced as a whole.
#include "daemon/cli/program.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include "daemon/cli/replace_file.h"
#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

namespace nurtured::daemon::cli {
namespace {

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("a program's answer is what it writes, however much it is given and writes") {
  const std::string much(std::size_t{3} << 20, 'x');
  CHECK(run_filter({"cat"}, much) == much);
  CHECK(run_filter({"cat"}, "") == "");
}

TEST_CASE("a program that is missing, fails, writes too much or takes too long is told of") {
  const auto missing = run_filter({"no-such-program-of-ours"}, "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == base::ErrorKind::not_found);
  CHECK(missing.error().message == "the program no-such-program-of-ours is not installed");

  const auto failed = run_filter({"sh", "-c", "echo alas >&2; exit 3"}, "");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "sh failed: alas");

  const auto large =
      run_filter({"head", "-c", "3000000", "/dev/zero"}, "", {.output_bytes_max = 1000});
  REQUIRE_FALSE(large);
  CHECK(large.error().kind == base::ErrorKind::too_large);

  const auto slow = run_filter({"sh", "-c", "exec cat /dev/zero >/dev/null"}, "",
                               {.time_max = std::chrono::seconds{0}});
  REQUIRE_FALSE(slow);
  CHECK(slow.error().kind == base::ErrorKind::unavailable);

  CHECK_FALSE(start_program({"no-such-program-of-ours"}));
  CHECK(start_program({"true"}));
}

TEST_CASE("a replaced file keeps its mode, and a link keeps pointing") {
  const tests::TemporaryFolder folder;
  folder.write("a.yaml", "old");
  REQUIRE(::chmod((folder / "a.yaml").c_str(), 0640) == 0);
  std::filesystem::create_symlink(folder / "a.yaml", folder / "link.yaml");
  REQUIRE(replace_file(folder / "link.yaml", "new"));
  CHECK(read(folder / "a.yaml") == "new");
  CHECK(std::filesystem::is_symlink(folder / "link.yaml"));
  CHECK(static_cast<unsigned>(std::filesystem::status(folder / "a.yaml").permissions()) == 0640U);
  REQUIRE(replace_file(folder / "b.yaml", "made"));
  CHECK(read(folder / "b.yaml") == "made");
  CHECK_FALSE(replace_file(folder / "none/c.yaml", "x"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 3);
}

}  // namespace
}  // namespace nurtured::daemon::cli
