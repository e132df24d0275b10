// Files of other systems: their charsets, their CSV, their columns, and what a row becomes.
#include <fstream>
#include <map>
#include <sstream>

#include "daemon/charset.h"
#include "daemon/cli/import_rows.h"
#include "daemon/import_columns.h"
#include "daemon/import_csv.h"
#include "daemon/import_item.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::daemon;

namespace {

const base::Instant now = *base::parse_instant("2026-03-10T12:00:00Z");

ImportSource source_of(const std::string& bytes, const std::string& charset = "") {
  std::istringstream in(bytes);
  auto source = ImportSource::open("-", in, charset);
  REQUIRE(source);
  return *std::move(source);
}

struct Table {
  std::vector<CsvRecord> records;
  char delimiter = '\0';
};

Table read_table(const std::string& bytes) {
  ImportSource source = source_of(bytes);
  CsvReader reader(source);
  Table table;
  for (;;) {
    auto record = reader.next();
    REQUIRE(record);
    if (!*record) break;
    table.records.push_back(**std::move(record));
  }
  table.delimiter = reader.delimiter();
  return table;
}

using Cells = std::vector<std::string>;

rules::Book book() {
  rules::Settings settings;
  settings.channels = {{"email", {}}, {"telegram", {}}};
  return rules::Book(
      rules::BookParts{.settings = std::move(settings), .zones = {{"Europe/Moscow", {}}}});
}

cel::Value json(const std::string& text) {
  auto value = cel::from_json(text);
  REQUIRE(value);
  return *std::move(value);
}

ImportResult<EventInput> row_as_contact(const std::string& fields) {
  static const rules::Book known = book();
  return read_import_contact(json(fields), {.book = known, .now = now});
}

}  // namespace

TEST_CASE("a text is read from every charset that tables come in") {
  CHECK(to_utf8("\xc0\xed\xed\xe0", "windows-1251") == "Анна");
  CHECK(to_utf8("\xe1\xce\xce\xc1", "KOI8-R") == "Анна");
  CHECK(to_utf8(std::string("\x10\x04\x3d\x04", 4), "utf-16le") == "Ан");
  CHECK(to_utf8("a\xffz", "US-ASCII") == "a\xef\xbf\xbdz");
  CHECK(to_utf8("", "windows-1251") == "");
  for (const char* name : {"", "no-such", "UTF-8,version=1", "../../etc/passwd", "a b"}) {
    INFO(name);
    CHECK_FALSE(to_utf8("x", name));
  }
  CHECK_FALSE(to_utf8("x", std::string(1000, 'u')));
}

TEST_CASE("a character that two pieces share is read whole") {
  auto decoder = CharsetDecoder::open("UTF-16LE");
  REQUIRE(decoder);
  const std::string face = {'\x3d', '\xd8', '\x00', '\xde'};  // U+1F600
  std::string text;
  for (const char c : face) text += decoder->decode(std::string(1, c), false);
  text += decoder->decode("", true);
  CHECK(text == "😀");
  auto cut = CharsetDecoder::open("UTF-16LE");
  REQUIRE(cut);
  CHECK(cut->decode(face.substr(0, 3), true) == replacement_character);
}

TEST_CASE("UTF-16 and windows-1251 are recognised, and nothing is guessed") {
  struct Case {
    std::string bytes;
    std::optional<std::string> charset;
  };
  const std::vector<Case> cases = {
      {"\xff\xfe\x61", "UTF-16LE"},
      {"\xfe\xff", "UTF-16BE"},
      {std::string("a\0,\0b\0", 6), "UTF-16LE"},
      {std::string("\0a\0,\0b", 6), "UTF-16BE"},
      {"email;name\na@b.org;\xc0\xed\xed\xe0", "windows-1251"},
      {"email;name\na@b.org;\xc0\xcd\xcd\xc0 \xc0\xed\xed\xe0", "windows-1251"},
      {"email;name\na@b.org;\xe1\xce\xce\xc1 \xed\xcf\xd3\xcb\xd7\xc1", std::nullopt},  // KOI8-R
      {"email;name\na@b.org;Ren\xe9 M\xfcller", std::nullopt},  // windows-1252
      {"\x80\x81\x82", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [bytes, charset] : cases) {
    INFO(bytes);
    CHECK(recognise_charset(bytes) == charset);
  }
}

TEST_CASE("a file is lines of UTF-8, whatever it was written in and however they end") {
  struct Case {
    std::string bytes;
    std::string charset;
    std::vector<std::string> lines;
  };
  const std::vector<Case> cases = {
      {"a\nb", "UTF-8", {"a\n", "b"}},
      {"a\r\nb\r\n", "UTF-8", {"a\n", "b\n"}},
      {"a\rb\r", "UTF-8", {"a\n", "b\n"}},
      {"\xef\xbb\xbfимя\n", "UTF-8", {"имя\n"}},
      {std::string("\xff\xfe\x61\x00\x0a\x00\x10\x04", 8), "UTF-16LE", {"a\n", "А"}},
      {"\xe8\xec\xff;\xc0\xed\xed\xe0\r\n", "windows-1251", {"имя;Анна\n"}},
      {"", "UTF-8", {}},
      {"\n\n", "UTF-8", {"\n", "\n"}},
  };
  for (const auto& [bytes, charset, lines] : cases) {
    INFO(bytes);
    ImportSource source = source_of(bytes);
    CHECK(source.charset() == charset);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      REQUIRE(source.next() == ImportSource::Line::whole);
      CHECK(source.line() == lines[i]);
      CHECK(source.number() == i + 1);
    }
    CHECK(source.next() == ImportSource::Line::end);
  }
  std::istringstream unknown("name\nRen\xe9\n");
  const auto refused = ImportSource::open("-", unknown, "");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().remedy.find("--charset") != std::string::npos);
  CHECK(source_of("Ren\xe9", "windows-1252").next() == ImportSource::Line::whole);
}

TEST_CASE("what a file holds names it, not how it is read") {
  CHECK(source_of("a\nb").digest() == source_of("a\nb").digest());
  CHECK(source_of("a\nb").digest() != source_of("a\nc").digest());
  const std::string long_text(std::size_t{3} << 20, 'x');
  CHECK(source_of(long_text).digest() != source_of(long_text + "x").digest());
}

TEST_CASE("a table is read as spreadsheets write it") {
  struct Case {
    std::string text;
    char delimiter;
    std::vector<Cells> records;
  };
  const std::vector<Case> cases = {
      {"a,b\n1,2\n", ',', {{"a", "b"}, {"1", "2"}}},
      {"a;b,c;d\n1;2;3\n", ';', {{"a", "b,c", "d"}, {"1", "2", "3"}}},
      {"a\tb\n1\t\n", '\t', {{"a", "b"}, {"1", ""}}},
      {"\"a;b\",c\n", ',', {{"a;b", "c"}}},
      {"a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n", ',', {{"a", "b"}, {"x\ny", "say \"hi\""}}},
      {"\n\na,b\n\n1,2", ',', {{"a", "b"}, {"1", "2"}}},
      {"a\n5\" pipe\n", ',', {{"a"}, {"5\" pipe"}}},
      {"a,b\n , x \n", ',', {{"a", "b"}, {"", "x"}}},
      {"a,b\r1,2\r", ',', {{"a", "b"}, {"1", "2"}}},
  };
  for (const auto& [text, delimiter, records] : cases) {
    INFO(text);
    const Table table = read_table(text);
    CHECK(table.delimiter == delimiter);
    REQUIRE(table.records.size() == records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      CHECK(table.records[i].fault.empty());
      CHECK(table.records[i].cells == records[i]);
    }
  }
  CHECK(read_table("a\n\"x\ny\"\nz\n").records.at(2).line == 4);
  CHECK(csv_line({"a", "say \"hi\"", ""}, ';') == "\"a\";\"say \"\"hi\"\"\";\"\"\r\n");
}

TEST_CASE("hostile tables are told of and never stop what follows them") {
  const std::string many(import_columns_max + 5, ',');
  const std::string wide(import_cell_bytes_max + 1, 'x');
  const std::string endless(import_record_bytes_max + 1, 'x');
  struct Case {
    std::string name;
    std::string second;  // record, between a header and a good one
    std::string fault;
  };
  const std::vector<Case> cases = {
      {"too many columns", many, "columns"},
      {"a cell that is too wide", wide, "longer"},
      {"a line that is too long", endless, "longer"},
      {"a NUL", std::string("a\0b", 3), "NUL"},
      {"a wide cell in quotes", "\"" + wide + "\"", "longer"},
  };
  for (const auto& [name, second, fault] : cases) {
    INFO(name);
    const Table table = read_table("email,name\n" + second + "\nanna,Anna\n");
    REQUIRE(table.records.size() == 3);
    CHECK(table.records[1].fault.find(fault) != std::string::npos);
    CHECK(table.records[1].cells.empty());
    CHECK(table.records[2].cells == Cells{"anna", "Anna"});
  }
  // A quote that is never closed spoils its own line alone.
  std::string open = "email,name\n\"anna,Anna\n";
  std::size_t lines = 2;
  for (; open.size() < 2 * import_record_bytes_max; ++lines) open += "bob,Bob\n";
  const Table table = read_table(open);
  REQUIRE(table.records.size() == lines);
  CHECK(table.records[1].fault.find("quote") != std::string::npos);
  for (std::size_t i = 2; i < lines; ++i) {
    if (table.records[i].cells != Cells{"bob", "Bob"} || table.records[i].line != i + 1) FAIL(i);
  }
  const Table end = read_table("email,name\n\"anna,Anna\nbob,Bob\n");
  REQUIRE(end.records.size() == 3);
  CHECK(end.records[1].line == 2);
  CHECK(end.records[1].fault.find("a quote is not closed") == 0);
  CHECK(end.records[2].cells == Cells{"bob", "Bob"});
  CHECK(read_table("a\n\"b").records.at(1).fault == "a quote is not closed");
  CHECK(read_table("\"").records.at(0).fault == "a quote is not closed");
  CHECK(read_table(std::string(10000, '"') + "\n").records.size() == 1);
  CHECK(read_table(std::string(10000, ',') + "\n").records.at(0).cells.empty());
  CHECK(read_table("\xef\xbb\xbf").records.empty());
  const Table bad = read_table("\xef\xbb\xbfname\n\xff\xfe\nanna\n");
  CHECK(bad.records.at(1).fault == "column 1 has bytes that are no UTF-8");
  CHECK(bad.records.at(2).cells == Cells{"anna"});
}

TEST_CASE("columns are known by the names that tables give them") {
  struct Case {
    ImportKind kind;
    Cells columns;
    ColumnMap map;
    Cells fields;
  };
  using enum ImportKind;
  const std::vector<Case> cases = {
      {contacts,
       {"E-mail", "First Name", "LAST_NAME", "Birthdate"},
       {},
       {"email", "first_name", "last_name", "birthday"}},
      {contacts,
       {"Email", "Имя", "ФАМИЛИЯ", "Телефон"},
       {},
       {"email", "first_name", "last_name", "phone"}},
      {contacts,
       {"id", "Company name", "companyName", "channels.telegram"},
       {},
       {"id", "attributes.company_name", "attributes.companyName", "channels.telegram"}},
      {contacts,
       {"consent.email", "consent.email.at", "suppressed.email.at", "suppressed"},
       {},
       {"consent.email", "consent.email.at", "suppressed.email.at", "suppressed"}},
      {contacts,
       {"Mobile", "score", "Notes"},
       {{"mobile", "phone"}, {"score", "attributes.old_score"}, {"Notes", "-"}},
       {"phone", "attributes.old_score", ""}},
      {contacts, {"import.line", "import.reason", "email"}, {}, {"", "", "email"}},
      // Mautic: the aliases of $coreFields in its app/bundles/LeadBundle/Model/FieldModel.php.
      {contacts,
       {"id", "title", "firstname", "lastname", "email", "points", "stage", "preferred_locale",
        "doNotContact"},
       {},
       {"attributes.mautic_id", "attributes.title", "first_name", "last_name", "email",
        "attributes.mautic_points", "attributes.mautic_stage", "locale", "suppressed.email"}},
      {touches,
       {"Email", "Date", "event", "webinar"},
       {},
       {"contact", "at", "event", "properties.webinar"}},
      {touches,
       {"who", "kind", "when", "note"},
       {{"who", "contact"}, {"when", "at"}},
       {"contact", "kind", "at", "note"}},
  };
  for (const auto& [kind, columns, map, fields] : cases) {
    INFO(columns.front());
    const auto read = column_fields(kind, columns, map);
    REQUIRE(read);
    CHECK(*read == fields);
  }
}

TEST_CASE("columns that cannot be are refused with the way out") {
  struct Case {
    Cells columns;
    ColumnMap map;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"email", "E-Mail"}, {}, "both `email`"},
      {{"email", "score"}, {}, "score"},
      {{"email", "stage"}, {}, "stage"},
      {{"email", "consent"}, {}, "consent"},
      {{"email", "consent.email.sometime"}, {}, "consent.email.sometime"},
      {{"email"}, {{"mail", "email"}}, "no column mail"},
      {{"email"}, {{"email", "adress"}}, "no field"},
      {{"email"}, {{"email", "attributes."}}, "no field"},
      {{"email"}, {{"email", "consent."}}, "no field"},
      {{"email", std::string(5000, 'x')}, {}, "too long"},
      {{"email", "a\x01z"}, {}, "control"},
  };
  for (const auto& [columns, map, message] : cases) {
    const auto read = column_fields(ImportKind::contacts, columns, map);
    REQUIRE_FALSE(read);
    INFO(read.error().message);
    CHECK(read.error().message.find(message) != std::string::npos);
  }
  CHECK(parse_column_map("a=b=email") == std::pair<std::string, std::string>("a=b", "email"));
  for (const char* text : {"", "=", "a", "a=", "=b"}) CHECK_FALSE(parse_column_map(text));
}

TEST_CASE("moments are read as tables write them, and never two ways") {
  const rules::Zone utc;
  const auto time = [&](const char* text) { return parse_import_time(text, utc); };
  const base::Instant day = *base::parse_instant("2026-03-01T00:00:00Z");
  CHECK(time("2026-03-01") == day);
  CHECK(time("01.03.2026") == day);
  CHECK(time("2026-03-01 10:30") == day + std::chrono::minutes{630});
  CHECK(time("01.03.2026 10:30:15") == day + std::chrono::seconds{37815});
  CHECK(time("2026-03-01T03:00:00+03:00") == day);
  CHECK(time("2026-03-01T00:00:00Z") == day);
  for (const char* text : {"", "03/01/2026", "1.3.2026", "2026-3-1", "2026-02-30", "yesterday",
                           "1772323200", "2026-03-01 25:00", "2026-03-01 10", "01.03.26",
                           "2026-03-01 10:30 o'clock", "99.99.9999"}) {
    INFO(text);
    CHECK_FALSE(time(text));
  }
}

TEST_CASE("a row becomes a contact with the evidence of each consent") {
  const auto read = row_as_contact(R"({"email": " Anna@Example.org ", "first_name": "Anna",
    "tags": "vip, fair;vip", "birthday": "17.05.1990", "timezone": "Europe/Moscow",
    "channels.telegram": "4711", "attributes.city": "Tver", "phone": "",
    "consent.email": "да", "consent.email.at": "2025-11-03", "consent.email.source": "landing",
    "consent.email.wording": "I agree", "consent.email.from": "192.0.2.7",
    "consent.telegram": "no", "suppressed.telegram": "bounced"})");
  REQUIRE(read);
  const auto& change = read->event.change;
  CHECK(read->event.name == "contact.identified");
  CHECK(read->event.is_history);
  CHECK(read->who.address == rules::Address{"email", "anna@example.org"});
  CHECK(change.tags_added == Cells{"fair", "vip"});
  CHECK(change.timezone == "Europe/Moscow");
  CHECK(read->event.properties.find("birthday")->as_string() == "1990-05-17");
  CHECK(read->event.properties.find("phone") == nullptr);
  REQUIRE(change.consents.size() == 2);
  CHECK(change.consents[0].given);
  CHECK(change.consents[0].at == *base::parse_instant("2025-11-03T00:00:00Z"));
  CHECK(change.consents[0].source == "landing");
  CHECK(change.consents[0].wording == "I agree");
  CHECK(change.consents[0].from == "192.0.2.7");
  CHECK_FALSE(change.consents[0].restores);
  CHECK_FALSE(change.consents[1].given);
  REQUIRE(change.suppressions.size() == 1);
  CHECK(change.suppressions[0].scope == rules::SuppressionScope::all);
  const auto dated = row_as_contact(R"({"id": "7", "consent.email": "2025-11-03"})");
  REQUIRE(dated);
  CHECK(dated->who.user_id == "7");
  CHECK(dated->event.change.consents.at(0).at == *base::parse_instant("2025-11-03T00:00:00Z"));
}

TEST_CASE("what another system says of an address becomes a suppression of the right scope") {
  struct Case {
    std::string fields;
    std::string reason;  // empty: none
    rules::SuppressionScope scope;
  };
  using enum rules::SuppressionScope;
  const std::vector<Case> cases = {
      {R"("status": "Active")", "", all},
      {R"("status": "Unsubscribed")", "unsubscribed", marketing},
      {R"("status": "SPAM")", "complained", marketing},
      {R"("status": "hard bounce")", "bounced", all},
      {R"("suppressed.email": "yes")", "unsubscribed", marketing},
      {R"("suppressed.email": 0)", "", all},
      {R"("suppressed.email": "bounced")", "bounced", all},
      {R"("suppressed": true)", "manual", all},
  };
  for (const auto& [fields, reason, scope] : cases) {
    INFO(fields);
    const auto read = row_as_contact(R"({"email": "a@example.org", )" + fields + "}");
    REQUIRE(read);
    const auto& suppressions = read->event.change.suppressions;
    CHECK(suppressions.empty() == reason.empty());
    if (reason.empty()) continue;
    CHECK(suppressions[0].reason == reason);
    CHECK(suppressions[0].scope == scope);
  }
}

TEST_CASE("a row that cannot be taken says in which field") {
  const std::map<std::string, std::string> cases = {
      {R"({})", ""},
      {R"({"phone": "+7 900"})", ""},
      {R"({"email": "nobody"})", "email"},
      {R"({"email": "a@example.org", "timezone": "Mars/Olympus"})", "timezone"},
      {R"({"email": "a@example.org", "birthday": "05/17/1990"})", "birthday"},
      {R"({"email": "a@example.org", "birthday": 19900517})", "birthday"},
      {R"({"email": "a@example.org", "consent.email": "perhaps"})", "consent.email"},
      {R"({"email": "a@example.org", "consent.email.at": "2026-03-11"})", "consent.email.at"},
      {R"({"email": "a@example.org", "consent.pigeon": "yes"})", "consent.pigeon"},
      {R"({"email": "a@example.org", "consent.email.wording": 7})", "consent.email.wording"},
      {R"({"email": "a@example.org", "suppressed.email": "maybe"})", "suppressed.email"},
      {R"({"email": "a@example.org", "suppressed.email.at": "soon"})", "suppressed.email.at"},
      {R"({"email": "a@example.org", "tags": 7})", "tags"},
      {R"({"email": "a@example.org", "tags": ["a\u0001"]})", "tags"},
      {R"({"id": "a\u0000b"})", "id"},
      {R"({"id": 1.5})", "id"},
      {R"({"email": "a@example.org", "locale": "no locale at all"})", "locale"},
      {R"({"email": "a@example.org", "channels.bad name": "7"})", "channels.bad name"},
      {"{\"id\": \"1\", \"attributes.x\": \"" + std::string(40000, 'x') + "\"}", "attributes.x"},
      {"{\"id\": \"1\", \"consent.email.from\": \"" + std::string(5000, 'x') + "\"}",
       "consent.email.from"},
  };
  for (const auto& [fields, field] : cases) {
    INFO(fields.substr(0, 80));
    const auto read = row_as_contact(fields);
    REQUIRE_FALSE(read);
    CHECK(read.error().field == field);
    CHECK_FALSE(read.error().reason.empty());
  }
}

TEST_CASE("rows of JSON may nest what columns have in their names") {
  ImportSource source = source_of(
      "{\"email\": \"a@example.org\", \"consent\": {\"email\": {\"given\": true, \"at\": "
      "\"2026-01-01\"}}, \"attributes\": {\"plan\": {\"seats\": 5}}}\n"
      "\n{\"email\": 1, \"E-mail\": 2}\n[]\n{\"score\": 7}\n{\"email\": \"b@example.org\"}");
  auto rows = cli::ImportRows::open(source, ImportKind::contacts, cli::ImportFormat::jsonl, {});
  REQUIRE(rows);
  const auto next = [&] {
    auto row = rows->next();
    REQUIRE(row);
    REQUIRE(*row);
    return **std::move(row);
  };
  const auto first = next();
  CHECK(first.fields.find("consent.email") != nullptr);
  CHECK(first.fields.find("consent.email.at")->as_string() == "2026-01-01");
  CHECK(cel::to_json(*first.fields.find("attributes.plan")) == R"({"seats":5})");
  CHECK(next().fault == "`email` is there twice");
  CHECK(next().fault == "it is no JSON object");
  CHECK(next().fault.find("score") != std::string::npos);
  const auto last = next();
  CHECK(last.fault.empty());
  CHECK(last.line == 6);
  const auto end = rows->next();
  REQUIRE(end);
  CHECK_FALSE(*end);
}
