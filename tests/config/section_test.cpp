#include "config/section.h"

#include <filesystem>
#include <fstream>
#include <type_traits>

#include <sys/stat.h>

#include "tests/catch.h"
#include "tests/config/workspaces.h"

namespace nurtured::config {
namespace {

template <class T, class = void>
struct CanPrint : std::false_type {};
template <class T>
struct CanPrint<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<T>())>>
    : std::true_type {};
static_assert(!CanPrint<Secret>::value, "a secret must not be printable");
static_assert(CanPrint<int>::value);

class MapSecrets final : public Secrets {
 public:
  base::Result<std::string> read(SecretSource source, const std::string& name) const override {
    if (source == SecretSource::credential && name == "smtp") return "hunter2";
    if (source == SecretSource::environment && name == "HOST") return "mail";
    return base::fail(base::ErrorKind::not_found, "there is no " + name, "make it");
  }
};

// A map read from text, and what reading it reported.
struct Fixture {
  explicit Fixture(std::string_view yaml, const Secrets* secrets = nullptr)
      : root(parse_yaml(yaml, "f.yaml", problems).value()),
        section(root, "connectors.email", problems, secrets) {}

  std::vector<std::string> lines() { return lines_of(problems.take()); }

  Problems problems;
  Node root;
  Section section;
};

TEST_CASE("a section gives typed values") {
  Fixture f(
      "text: hello\ncount: 7\nshare: 0.5\non: true\nwait: 1d12h\ntimeout: 30s\nrate: 120/m\n"
      "mode: fast\none: a\nmany: [a, b]\nheaders: {X-A: 1, X-B: two}\ninner: {key: value}\n");
  CHECK(f.section.text("text") == "hello");
  CHECK(f.section.integer("count", {.min = 1, .max = 10}) == 7);
  CHECK(f.section.number("share", {.min = 0, .max = 1}) == 0.5);
  CHECK(f.section.boolean("on") == true);
  CHECK(f.section.span("wait") == rules::Span{.days = 1, .exact = std::chrono::hours{12}});
  CHECK(f.section.period("timeout", {}) == std::chrono::seconds{30});
  CHECK(f.section.rate("rate") == 2.0);
  CHECK(f.section.choice("mode", {"fast", "slow"}) == "fast");
  CHECK(f.section.texts("one") == std::vector<std::string>{"a"});
  CHECK(f.section.texts("many") == std::vector<std::string>{"a", "b"});
  CHECK(f.section.text_map("headers") ==
        std::vector<std::pair<std::string, std::string>>{{"X-A", "1"}, {"X-B", "two"}});
  auto inner = f.section.section("inner");
  REQUIRE(inner.has_value());
  CHECK(inner->text("key") == "value");
  CHECK(f.section.text("absent") == std::nullopt);
  inner->finish();
  f.section.finish();
  CHECK(f.lines() == std::vector<std::string>{});
}

TEST_CASE("a section reports every wrong value at its place") {
  Fixture f(
      "count: 11\nwhole: 1.5\nshare: lots\non: yes\nquoted: \"true\"\nwait: 5\ntimeout: 5h\n"
      "rate: fast\nmode: fats\ntext: [a]\nempty:\nmany: [a, {}]\nheaders: x\nlong: " +
      std::string(5000, 'x') + "\n");
  f.section.integer("count", {.min = 1, .max = 10});
  f.section.integer("whole", {});
  f.section.number("share", {});
  f.section.boolean("on");
  f.section.boolean("quoted");
  f.section.span("wait");
  f.section.period("timeout", {.max = std::chrono::minutes{10}});
  f.section.rate("rate");
  f.section.choice("mode", {"fast", "slow"});
  f.section.text("text");
  f.section.text("empty");
  CHECK(f.section.texts("many") == std::vector<std::string>{"a"});
  CHECK(f.section.text_map("headers").empty());
  f.section.text("long");
  CHECK_FALSE(f.section.require("absent", "write it"));
  CHECK_FALSE(f.section.require("empty"));
  f.section.finish();
  const auto lines = f.lines();
  const std::vector<std::string> beginnings{
      "f.yaml:1:1: error: `connectors.email.absent` is missing; write it",
      "f.yaml:1:8: error: `connectors.email.count` is out of range: 11; write a whole number from "
      "1 to 10",
      "f.yaml:2:8: error: `connectors.email.whole` is no whole number: \"1.5\"",
      "f.yaml:3:8: error: `connectors.email.share` is no such number",
      "f.yaml:4:5: error: `connectors.email.on` is neither true nor false: \"yes\"",
      "f.yaml:5:9: error: `connectors.email.quoted` is neither true nor false",
      "f.yaml:6:7: error: `connectors.email.wait`: ",
      "f.yaml:7:10: error: `connectors.email.timeout` is out of range",
      "f.yaml:8:7: error: `connectors.email.rate` is no rate: \"fast\"",
      "f.yaml:9:7: error: `connectors.email.mode` cannot be \"fats\"; did you mean `fast`?",
      "f.yaml:10:7: error: `connectors.email.text` is a list",
      "f.yaml:11:1: error: `connectors.email.empty` is empty",
      "f.yaml:11:1: error: `connectors.email.empty` is missing",
      "f.yaml:12:11: error: `connectors.email.many` is a map",
      "f.yaml:13:10: error: `connectors.email.headers` is no map",
      "f.yaml:14:7: error: `connectors.email.long` is longer than 4096 bytes"};
  REQUIRE(lines.size() == beginnings.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].substr(0, beginnings[i].size()) == beginnings[i]);
  }
}

TEST_CASE("keys that nobody asked for are reported with the nearest") {
  Fixture f("usr: x\npassword: y\ntype: smtp\n");
  f.section.allow({"type"});
  f.section.text("user");
  f.section.finish();
  CHECK(f.lines() == std::vector<std::string>{
                         "f.yaml:1:1: error: there is no `connectors.email.usr` here; did you mean "
                         "`user`?",
                         "f.yaml:2:1: error: there is no `connectors.email.password` here; known "
                         "are type, user"});
}

TEST_CASE("secrets are resolved where a secret is asked for, and nowhere else") {
  const MapSecrets secrets;
  Fixture f(
      "url: \"smtp://u:${credential:smtp}@${env:HOST}:25\"\nplain: $${x}\nlist: [a, "
      "\"${env:HOST}\"]\n",
      &secrets);
  const auto url = f.section.secret("url");
  REQUIRE(url.has_value());
  CHECK(url->reveal() == "smtp://u:hunter2@mail:25");
  const auto plain = f.section.secret("plain");
  REQUIRE(plain.has_value());
  CHECK(plain->reveal() == "${x}");
  REQUIRE(f.section.secrets_list("list").size() == 2);
  CHECK(f.section.secrets_list("list")[1].reveal() == "mail");
  CHECK(f.section.text("url") == std::nullopt);
  const auto lines = f.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("takes no reference to a secret") != std::string::npos);
  CHECK(lines[0].find("hunter2") == std::string::npos);
}

TEST_CASE("without secrets a reference is left as it is written") {
  Fixture f("token: ${credential:telegram}\n");
  const auto token = f.section.secret("token");
  REQUIRE(token.has_value());
  CHECK(token->reveal() == "${credential:telegram}");
  CHECK(f.lines().empty());
}

TEST_CASE("references that name nothing are refused") {
  const MapSecrets secrets;
  for (const char* text : {"${credential:}", "${nobody:x}", "${credential:smtp", "${}", "${env:NO}",
                           "${credential}"}) {
    INFO(text);
    Fixture f("token: \"" + std::string(text) + "\"\n", &secrets);
    CHECK(f.section.secret("token") == std::nullopt);
    CHECK(f.lines().size() == 1);
  }
}

TEST_CASE("the system's secrets come from files that others cannot read") {
  const auto folder = std::filesystem::temp_directory_path() / "nurtured-secrets-test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const auto write = [&](const std::string& name, const std::string& text, mode_t mode) {
    std::ofstream(folder / name, std::ios::binary) << text;
    REQUIRE(::chmod((folder / name).c_str(), mode) == 0);
  };
  write("good", "token\n", 0600);
  write("crlf", "token\r\n", 0400);
  write("open", "token", 0644);
  write("empty", "\n", 0600);
  write("zero", std::string("a\0b", 3), 0600);
  write("large", std::string(secret_bytes_max + 1, 'x'), 0600);
  const SystemSecrets secrets(folder.string(), folder.string());
  const auto credential = [&](const std::string& name) {
    return secrets.read(SecretSource::credential, name);
  };
  CHECK(credential("good") == "token");
  CHECK(credential("crlf") == "token");
  CHECK(secrets.read(SecretSource::file, "good") == "token");
  CHECK(secrets.read(SecretSource::file, (folder / "good").string()) == "token");
  CHECK(credential("open").error().kind == base::ErrorKind::denied);
  CHECK(credential("open").error().remedy == "chmod o-rwx it");
  CHECK(credential("empty").error().kind == base::ErrorKind::not_found);
  CHECK_FALSE(credential("zero").has_value());
  CHECK(credential("large").error().kind == base::ErrorKind::too_large);
  CHECK(credential("absent").error().kind == base::ErrorKind::not_found);
  CHECK_FALSE(credential("../good").has_value());
  CHECK_FALSE(credential("..").has_value());
  CHECK_FALSE(secrets.read(SecretSource::file, folder.string()).has_value());
  CHECK_FALSE(SystemSecrets("", "").read(SecretSource::credential, "good").has_value());
  CHECK_FALSE(secrets.read(SecretSource::environment, "NURTURED_TEST_NOT_SET").has_value());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nurtured::config
