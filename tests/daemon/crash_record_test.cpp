#include "daemon/crash_record.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/daemon/operator_world.h"

using namespace nurtured;
using daemon::CrashRecord;

namespace {

constexpr const char* boot = "7f1d5a3e-0000-4000-8000-000000000001";

std::unique_ptr<CrashRecord> open(const std::string& path, std::string_view boot_id = boot) {
  auto record = CrashRecord::open(path, boot_id);
  if (!record) FAIL(base::to_string(record.error()));
  return *std::move(record);
}

store::DedupKey key(unsigned char first) {
  return {first};
}

// A run of the daemon that dies while that input is under way.
void die_at(const std::string& path, unsigned char input, base::Instant now) {
  const auto record = open(path);
  record->begin(now);
  record->input().mark(key(input), "payload");
}

constexpr base::Instant start{base::Milliseconds{1'772'359'200'000}};  // 2026-03-01T10:00:00Z

}  // namespace

TEST_CASE("the first start and one after a clean end take batches") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  for (int run = 0; run < 2; ++run) {
    const auto record = open(path);
    CHECK_FALSE(record->found().is_unclean);
    record->begin(start);
    CHECK_FALSE(record->is_one_by_one(start));
    record->input().mark(key(1), "one");
    record->input().clear();
    record->end();
  }
  const auto mode = std::filesystem::status(path).permissions();
  CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);
}

TEST_CASE("each unclean start in a row doubles the time of taking inputs one by one, to an hour") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  open(path)->begin(start);
  for (const int minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const auto record = open(path);
    CHECK(record->found().is_unclean);
    record->begin(start);
    CHECK(record->one_by_one_until() == start + std::chrono::minutes{minutes});
    CHECK(record->is_one_by_one(start));
    CHECK_FALSE(record->is_one_by_one(record->one_by_one_until()));
  }
}

TEST_CASE("a quiet hour makes the next unclean start the first") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  for (int run = 0; run < 3; ++run) open(path)->begin(start);
  {
    const auto record = open(path);
    record->begin(start);
    CHECK_FALSE(record->is_one_by_one(record->one_by_one_until() + CrashRecord::quiet_after));
  }
  const auto record = open(path);
  record->begin(start);
  CHECK(record->one_by_one_until() == start + CrashRecord::one_by_one_min);
}

TEST_CASE("a start that fails before it runs leaves the record as it was") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  open(path)->begin(start);
  for (int failed = 0; failed < 5; ++failed) CHECK(open(path)->found().is_unclean);
  const auto record = open(path);
  record->begin(start);
  CHECK(record->one_by_one_until() == start + CrashRecord::one_by_one_min);
}

TEST_CASE("deaths with the same mark are counted, whatever dies in between") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  for (const auto& [input, deaths] : std::vector<std::pair<unsigned char, std::uint32_t>>{
           {1, 1}, {2, 1}, {1, 2}, {2, 2}, {1, 3}}) {
    die_at(path, input, start);
    const auto record = open(path);
    REQUIRE(record->found().input);
    CHECK(record->found().input->fingerprint == key(input));
    CHECK(record->found().input->payload == "payload");
    CHECK(record->found().input->deaths == deaths);
  }
}

TEST_CASE("a death is counted once, and what was over then is not suspected") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  die_at(path, 1, start);
  CHECK(open(path)->found().input);
  CHECK_FALSE(open(path)->found().input);
  {
    const auto record = open(path);
    record->begin(start);
    record->input().mark(key(1), "");
    record->input().clear();
  }
  CHECK_FALSE(open(path)->found().input);
  die_at(path, 1, start);
  CHECK(open(path)->found().input->deaths == 1);  // it was taken in between
}

TEST_CASE("renderings and inputs are told apart") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  {
    const auto record = open(path);
    record->begin(start);
    record->rendering().mark(key(3), "57.1.0.0.email");
  }
  const auto record = open(path);
  CHECK_FALSE(record->found().input);
  REQUIRE(record->found().rendering);
  CHECK(record->found().rendering->payload == "57.1.0.0.email");
}

TEST_CASE("a mark of another boot of the machine is not believed") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  const auto* other = GENERATE("7f1d5a3e-0000-4000-8000-000000000002", "");
  die_at(path, 1, start);
  const auto record = open(path, other);
  CHECK(record->found().is_unclean);
  CHECK_FALSE(record->found().input);
}

TEST_CASE("a payload beyond the room is cut") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  {
    const auto record = open(path);
    record->begin(start);
    record->rendering().mark(key(1), std::string(CrashRecord::rendering_bytes_max + 10, 'x'));
  }
  CHECK(open(path)->found().rendering->payload.size() == CrashRecord::rendering_bytes_max);
}

TEST_CASE("whatever the file holds, the daemon starts and stays within its bounds") {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "running";
  die_at(path, 1, start);
  const auto size = std::filesystem::file_size(path);
  struct Spoil {
    const char* name;
    std::size_t from;
    std::size_t count;
    char byte;
  };
  const auto spoil = GENERATE_COPY(values<Spoil>({
      {"all ones", 0, size, '\xff'},
      {"all zeros", 0, size, '\0'},
      {"another magic", 0, 16, 'x'},
      {"all behind the magic", 16, size - 16, '\xff'},
      {"the boot", 16, 64, '\xff'},
      {"running", 80, 4, '\xff'},
      {"unclean starts", 84, 4, '\xff'},
      {"marked", 88, 4, '\x7f'},
      {"the payload's length", 92, 4, '\xff'},
      {"the fingerprint", 96, 16, '\xff'},
      {"the deaths", 112, 20 * 16, '\xff'},
      {"where the next death goes", 112 + 20 * 16, 4, '\xff'},
      {"the payload", size - 100, 100, '\xff'},
  }));
  INFO(spoil.name);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(spoil.from));
    file << std::string(spoil.count, spoil.byte);
  }
  const auto record = open(path);
  if (record->found().input) {
    CHECK(record->found().input->payload.size() <= CrashRecord::input_bytes_max);
    CHECK(record->found().input->deaths <= CrashRecord::deaths_max);
  }
  record->begin(start);
  CHECK(record->one_by_one_until() <= start + CrashRecord::one_by_one_max);
  record->input().mark(key(2), "two");
  record->input().clear();
  record->end();
}

TEST_CASE("a file of another length is begun anew") {
  const tests::TemporaryFolder folder;
  const auto* text = GENERATE("", "x", "nurtured run 1\n", "some other text entirely\n");
  folder.write("running", text);
  const auto record = open(folder / "running");
  CHECK_FALSE(record->found().is_unclean);
  CHECK_FALSE(record->found().input);
}

TEST_CASE("a record that cannot be kept is an error") {
  const tests::TemporaryFolder folder;
  CHECK_FALSE(CrashRecord::open(folder.path(), boot));
  CHECK_FALSE(CrashRecord::open(folder / "no/such/folder", boot));
}

TEST_CASE("a store in memory has no record") {
  CHECK(daemon::crash_record_path("").empty());
  CHECK(daemon::crash_record_path("/var/lib/n.db") == "/var/lib/n.db.running");
}
