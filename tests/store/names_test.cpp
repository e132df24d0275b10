#include "store/names.h"

#include "store/store.h"
#include "tests/catch.h"
#include "tests/store/samples.h"
#include "tests/store/scratch.h"

using namespace nurtured;
using namespace nurtured::store;
using namespace nurtured::store::testing;

TEST_CASE("a name keeps its number, and no other gets it") {
  Names names;
  CHECK(names.number_of("checklist") == 0U);
  CHECK(names.number_of("webinar") == 1U);
  CHECK(names.number_of("checklist") == 0U);
  REQUIRE(names.name_of(1) != nullptr);
  CHECK(*names.name_of(1) == "webinar");
  CHECK(names.name_of(2) == nullptr);
  CHECK_FALSE(names.number_of("ab").has_value());
  CHECK_FALSE(names.number_of(std::string(Names::bytes_max + 1, 'x')).has_value());
}

TEST_CASE("names stay bounded however many come from outside") {
  Names names;
  for (std::size_t i = 0; i < Names::count_max + 100; ++i)
    names.number_of("name-" + std::to_string(i));
  CHECK(names.all().size() == Names::count_max);
  CHECK(names.number_of("name-7") == 7U);
  CHECK_FALSE(names.number_of("one more").has_value());
}

TEST_CASE("names of a batch that failed are kept by the next that does not") {
  const Scratch scratch;
  {
    const auto store = opened(scratch.location());
    Batch batch;
    add_arrival(batch, ContactId{1}, sample_time);
    batch.contacts[0].contact.attributes["essay"] = std::string(contact_bytes_max, 'x');
    CHECK_FALSE(store->commit(batch));
    batch.contacts[0].contact.attributes["essay"] = "short";
    need(store->commit(batch));
  }
  const auto store = opened(scratch.location());
  CHECK(need(store->contact(ContactId{1}))->contact.attributes.at("essay") == cel::Value("short"));
}

TEST_CASE("a reader learns the names that were added since it was opened") {
  const Scratch scratch;
  const auto store = opened(scratch.location());
  const base::VirtualClock clock(sample_time);
  const auto reader = need(open_reader(scratch.location(), clock));
  for (std::int64_t id = 1; id < 4; ++id) {
    Batch batch;
    add_arrival(batch, ContactId{id}, sample_time);
    auto& contact = batch.contacts[0].contact;
    contact.tags.push_back("tag-" + std::to_string(id));
    const rules::Contact expected = contact;
    need(store->commit(batch));
    CHECK(need(reader->contact(ContactId{id}))->contact == expected);
  }
}
