#include "connectors/file.h"

#include <filesystem>
#include <fstream>

#include <rapidcheck.h>
#include <unistd.h>

#include "connectors/file_folder.h"
#include "tests/catch.h"
#include "tests/connectors/caller.h"

using namespace nurtured;
using namespace nurtured::connectors;
using namespace nurtured::test;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "nurtured-file-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a message becomes a file that a repeat overwrites, and a row of the index") {
  const Folder folder;
  Caller caller;
  const std::string stem = file_stem(sample_message().delivery_key);
  {
    const auto connector = make_file({.path = "out/mail"}, caller.environment(folder.path()));
    for (int i = 0; i < 2; ++i) {
      CHECK(caller.send(*connector, sample_message()) == Outcome(Delivered{stem + ".eml", {}}));
    }
  }
  const std::string out = folder.path() + "/out/mail";
  CHECK(files(out) == std::vector<std::string>{stem + ".eml", "index.html", "index.json"});
  CHECK(read(out + "/" + stem + ".eml").find("To: u1@example.org\r\n") != std::string::npos);
  const std::string page = read(out + "/index.html");
  CHECK(page.find(stem + ".eml") == page.rfind(stem + ".eml"));
  CHECK(page.find("Друг, три ошибки") != std::string::npos);

  // The next start goes on with the same list.
  OutboundMessage second = sample_message();
  second.delivery_key = "another";
  const auto connector = make_file({.path = out}, caller.environment());
  CHECK(kind_of(caller.send(*connector, second)) == "delivered");
  const std::string longer = read(out + "/index.html");
  CHECK(longer.find(file_stem("another")) < longer.find(stem));
}

TEST_CASE("messages of other channels become JSON") {
  const Folder folder;
  Caller caller;
  const auto connector =
      make_file({.path = folder.path(), .format = content::Format::telegram}, caller.environment());
  CHECK(connector->format() == content::Format::telegram);
  OutboundMessage message = sample_message();
  message.to = "987654321";
  const std::string name = file_stem(message.delivery_key) + ".json";
  CHECK(caller.send(*connector, message) == Outcome(Delivered{name, {}}));
  CHECK(read(folder.path() + "/" + name).find("987654321") != std::string::npos);
}

TEST_CASE("an e-mail to no address is refused") {
  const Folder folder;
  Caller caller;
  const auto connector = make_file({.path = folder.path()}, caller.environment());
  OutboundMessage message = sample_message();
  message.to = "987654321";
  CHECK(std::get<Rejected>(caller.send(*connector, message)).blame == Blame::address);
}

TEST_CASE("a folder that cannot be written defers, and heals") {
  const Folder folder;
  const std::string blocked = folder.path() + "/out";
  {
    const std::ofstream in_the_way(blocked);
  }
  Caller caller;
  const auto connector = make_file({.path = blocked}, caller.environment());
  CHECK(std::get<Deferred>(caller.send(*connector, sample_message())).scope == Scope::connector);
  std::filesystem::remove(blocked);
  CHECK(kind_of(caller.send(*connector, sample_message())) == "delivered");
}

TEST_CASE("no delivery key leads out of the folder, and different keys have different files") {
  for (const std::string key : {"../../etc/passwd", "/etc/passwd", "a/../../b", "..", ".", "",
                                "nul\0byte", "-rf", "C:\\windows", "a\nb", "\xd0\x9f", "~root"}) {
    CAPTURE(key);
    const std::string stem = file_stem(key);
    CHECK(
        stem.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
        std::string::npos);
    CHECK(stem.front() != '-');
  }
  CHECK(rc::check([](const std::string& one, const std::string& other) {
    RC_ASSERT((file_stem(one) == file_stem(other)) == (one == other));
    RC_ASSERT(file_stem(one).size() < 100);
  }));
}

TEST_CASE("nothing in a row can act in the page") {
  const std::string page = index_page(
      {{"a.eml", "now", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "&amp;"}});
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("&amp;amp;") != std::string::npos);
}

TEST_CASE("the index reads back, and a damaged one reads as what is left of it") {
  const std::deque<FileRow> rows{{"a.eml", "1", "2", "3", "4"}, {"b.json", "", "\"\\\n", "<", ">"}};
  CHECK(parse_index(index_json(rows), 10) == rows);
  CHECK(parse_index(index_json(rows), 1).size() == 1);
  const std::vector<std::string> wrong = {"",
                                          "{}",
                                          "[",
                                          "null",
                                          "[1, null, []]",
                                          "[{\"file\": 1}]",
                                          "[{\"file\": \"../x\"}]",
                                          "[{\"file\": \"javascript:alert(1)\"}]",
                                          "[{\"file\": \"\"}]",
                                          "\xff",
                                          "[{\"at\": \"1\"}]"};
  for (const auto& text : wrong) {
    CAPTURE(text);
    CHECK(parse_index(text, 10).empty());
  }
}
