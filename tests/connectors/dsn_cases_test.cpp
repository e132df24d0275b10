// Each file of dsn_cases/ is a published form of bounce, with what stands in its places and what is
// to be read from it. A new sample needs no C++.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/yaml.h"
#include "connectors/inbound_mail.h"
#include "tests/catch.h"

using namespace nurtured;
using namespace nurtured::connectors;

namespace {

const config::Node* find(const config::Node& map, std::string_view key) {
  const auto found = std::ranges::find(map.entries, key, &config::Entry::key);
  return found == map.entries.end() ? nullptr : &found->value;
}

// Writes each value where its name stands in braces.
void replace_places(std::string& text, const config::Node& values) {
  for (const config::Entry& entry : values.entries) {
    const std::string place = "{" + entry.key + "}";
    for (std::size_t at = 0; (at = text.find(place, at)) != std::string::npos;
         at += entry.value.text.size()) {
      text.replace(at, place.size(), entry.value.text);
    }
  }
}

// "failed address suppress", "delayed".
std::string words_of(const DeliveryReport& report) {
  const ReportedRecipient& first = report.recipients.front();
  std::string words(to_string(first.action));
  if (first.action != ReportAction::failed) return words;
  words.append(" ").append(to_string(first.blame));
  if (first.blame == Blame::address) words += " suppress";
  return words;
}

}  // namespace

TEST_CASE("bounces in every published form are read and blamed on who is to blame") {
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/connectors/dsn_cases")) {
    INFO(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    config::Problems problems;
    const auto root = config::parse_yaml(text.str(), entry.path().string(), problems);
    REQUIRE(problems.errors() == 0);
    for (const config::Node& one : find(*root, "cases")->items) {
      INFO(find(one, "source")->text);
      std::string mail = find(*root, "mail")->text;
      replace_places(mail, one);
      replace_places(mail, *find(*root, "defaults"));
      INFO(mail);
      const InboundMail read = parse_inbound_mail(mail);
      const auto* report = std::get_if<DeliveryReport>(&read.content);
      CHECK(report != nullptr);
      if (report == nullptr) continue;
      CHECK(words_of(*report) == find(one, "expect")->text);
      CHECK(report->recipients.front().address == find(*root, "address")->text);
      CHECK(std::ranges::find(read.tokens, find(*root, "token")->text) != read.tokens.end());
      ++cases;
    }
  }
  CHECK(cases >= 100);
}
