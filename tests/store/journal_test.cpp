#include "store/journal.h"

#include <fstream>

#include "store/journal_file.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;
using std::chrono::days;
using std::chrono::hours;

namespace {

JournalRecord departure(std::int64_t contact, Instant at = sample_time) {
  return DepartureRecord{.at = at,
                         .contact = ContactId{contact},
                         .to = {"email", "\xd0\x90\"\n@example.org"},
                         .kind = rules::Kind::offer,
                         .delivery = "1.1.1.0.email"};
}

const JournalRecord person = SuppressionRecord{.at = sample_time,
                                               .contact = ContactId{2},
                                               .address = {},
                                               .scope = rules::SuppressionScope::all,
                                               .reason = "manual"};
const JournalRecord address = SuppressionRecord{.at = sample_time,
                                                .contact = ContactId{2},
                                                .address = rules::Address{"email", "a@b"},
                                                .scope = rules::SuppressionScope::marketing,
                                                .reason = "unsubscribed"};
const JournalRecord withdrawal = WithdrawalRecord{
    .at = sample_time, .contact = ContactId{4}, .channel = "email", .source = "operator"};
const JournalRecord erasure = ErasureRecord{.at = sample_time, .contact = ContactId{3}};

void append_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("records come back from the journal in their order") {
  const Scratch scratch;
  const std::vector<JournalRecord> records = {departure(1), person, address, withdrawal, erasure};
  {
    const auto store = opened(scratch.location());
    Batch batch;
    batch.journal = {records[0], records[1]};
    need(store->commit(batch));
    batch.journal = {records[2], records[3], records[4]};
    need(store->commit(batch));
    need(store->commit(Batch{}));
  }
  const auto contents = need(read_journal(scratch.path(), base::instant_min));
  CHECK(contents.records == records);
  CHECK(contents.damaged == 0);
  CHECK(need(read_journal(scratch.path(), sample_time)).records.size() == 5);
  CHECK(need(read_journal(scratch.path(), sample_time + hours{1})).records.empty());
  CHECK(need(read_journal(scratch.path("other.db"), sample_time)).records.empty());
}

TEST_CASE("a torn last line is cut off at the next start") {
  const Scratch scratch;
  const std::string path = scratch.path("nurtured.db.journal");
  need(need(JournalFile::open(scratch.path())).append(std::vector{departure(1)}));
  append_text(path, "0123456");
  CHECK(need(read_journal(scratch.path(), base::instant_min)).damaged == 1);
  need(need(JournalFile::open(scratch.path())).append(std::vector{departure(2)}));
  const auto contents = need(read_journal(scratch.path(), base::instant_min));
  CHECK(contents.records == std::vector{departure(1), departure(2)});
  CHECK(contents.damaged == 0);
}

TEST_CASE("damaged lines are counted and left out") {
  const Scratch scratch;
  const std::string path = scratch.path("nurtured.db.journal");
  need(need(JournalFile::open(scratch.path())).append(std::vector{departure(1)}));
  const std::string good = content(path);
  const auto harmed = GENERATE_COPY(values<std::string>({
      "",
      " ",
      "\n\n",
      "d\n",
      "00000000 d 1 {}\n",
      std::string(70'000, 'x') + "\n",
      "\xff\xfe\x00\n",
      good.substr(8),
      good.substr(0, 20) + "9" + good.substr(21),
      "x" + good,
      good.substr(0, 9) + "s" + good.substr(10),
      good.substr(0, good.size() - 2) + "\n",
      std::string("\0\0\0\0\0\0\0\0\0\0\0\0\n", 13),
  }));
  const std::string lines = harmed.empty() || harmed.ends_with('\n') ? harmed : harmed + "\n";
  append_text(path, lines);
  append_text(path, good);
  const auto contents = need(read_journal(scratch.path(), base::instant_min));
  CHECK(contents.records == std::vector{departure(1), departure(1)});
  CHECK(contents.damaged == static_cast<std::size_t>(std::ranges::count(lines, '\n')));
}

TEST_CASE("undo takes back the last append alone") {
  const Scratch scratch;
  auto journal = need(JournalFile::open(scratch.path()));
  need(journal.append(std::vector{departure(1)}));
  need(journal.append(std::vector{departure(2), departure(3)}));
  need(journal.undo());
  need(journal.append(std::vector{person}));
  CHECK(need(read_journal(scratch.path(), base::instant_min)).records ==
        std::vector{departure(1), person});
}

TEST_CASE("a journal written anew keeps refusals, erasures and late departures") {
  const Scratch scratch;
  auto journal = need(JournalFile::open(scratch.path()));
  const Instant now = sample_time + days{100};
  need(journal.append(std::vector{departure(1), person, erasure, departure(2, now - days{1})}));
  need(journal.compact(now));
  need(journal.append(std::vector{departure(3, now)}));
  CHECK(need(read_journal(scratch.path(), base::instant_min)).records ==
        std::vector{person, erasure, departure(2, now - days{1}), departure(3, now)});
  CHECK_FALSE(journal.wants_compaction());
}

TEST_CASE("a record too large for a line is refused") {
  const Scratch scratch;
  auto journal = need(JournalFile::open(scratch.path()));
  const auto refused = journal.append(std::vector<JournalRecord>{
      DepartureRecord{.at = sample_time, .to = {"email", std::string(100'000, 'x')}}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == base::ErrorKind::too_large);
  CHECK(content(scratch.path("nurtured.db.journal")).empty());
}
