#include <string>

#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

TEST_CASE("plural takes the form that the number asks for in its language") {
  const auto [number, forms, locale, expected] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"1", "'балл', 'балла', 'баллов'", "ru", "балл"},
          {"2", "'балл', 'балла', 'баллов'", "ru", "балла"},
          {"5", "'балл', 'балла', 'баллов'", "ru-RU", "баллов"},
          {"11", "'балл', 'балла', 'баллов'", "ru", "баллов"},
          {"21", "'балл', 'балла', 'баллов'", "ru", "балл"},
          {"104", "'балл', 'балла', 'баллов'", "ru", "балла"},
          {"112", "'балл', 'балла', 'баллов'", "ru", "баллов"},
          {"0", "'балл', 'балла', 'баллов'", "ru", "баллов"},
          {"1.5", "'балл', 'балла', 'баллов'", "ru", "балла"},
          {"-1", "'балл', 'балла', 'баллов'", "ru", "балл"},
          {"9000000021", "'балл', 'балла', 'баллов'", "ru", "балл"},
          // A Russian text that a reader of English gets stays Russian.
          {"21", "'балл', 'балла', 'баллов'", "en", "балл"},
          {"1", "'item', 'items'", "en", "item"},
          {"0", "'item', 'items'", "en", "items"},
          {"2", "'item', 'items'", "ru", "items"},
          {"1.5", "'item', 'items'", "en", "items"},
          {"7", "'个'", "zh", "个"},
          {"2", "'bod', 'body', 'bodů'", "cs", "body"},
          {"5", "'bod', 'body', 'bodů'", "cs", "bodů"},
          {"'3 apples'", "'item', 'items'", "en", "items"},
          {"nil", "'item', 'items'", "en", "items"},
      }));
  CAPTURE(number, forms, locale);
  CHECK(rendered("{{ " + number + " | plural: " + forms + " }}", {.options = {.locale = locale}}) ==
        expected);
}

TEST_CASE("money is written as readers of the language write it") {
  const auto [amount, currency, locale, expected] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"4990", "RUB", "ru", "4\u00a0990\u00a0₽"},
          {"4990.5", "RUB", "ru", "4\u00a0990,50\u00a0₽"},
          {"4990", "USD", "en", "$4,990"},
          {"-12.345", "EUR", "en", "-€12.34"},
          {"100", "CNY", "zh", "¥100"},
          {"100", "cny", "zh", "¥100"},
          {"'99.90'", "EUR", "de", "99,90\u00a0€"},
          {"1000000", "RUB", "", "₽1,000,000"},
          {"1000000", "RUB", "nonsense", "₽\u00a01000000"},
      }));
  CAPTURE(amount, currency, locale);
  CHECK(rendered("{{ " + amount + " | money: '" + currency + "' }}",
                 {.options = {.locale = locale}}) == expected);
}

TEST_CASE("money of what is no number is what it was, and no price") {
  const auto [amount, expected] = GENERATE(table<std::string, std::string>({
      {"'x'", "x"},
      {"nobody", ""},
      {"nil", ""},
      {"''", ""},
      {"'12 apples'", "12 apples"},
      {"'4 990 ₽'", "4 990 ₽"},
      {"'-'", "-"},
      {"'--5'", "--5"},
      {"'1.2.3'", "1.2.3"},
      {"true", "true"},
      {"' 5 '", "$5"},
      {"'-5'", "-$5"},
      {"0", "$0"},
  }));
  CAPTURE(amount);
  CHECK(rendered("{{ " + amount + " | money: 'USD' }}") == expected);
}

TEST_CASE("what is no currency is told") {
  CHECK(rendered("{{ 5 | money: 'rubles' }}") ==
        "error: 'rubles' is no currency: write RUB, EUR, USD, CNY");
  CHECK(rendered("{{ 5 | money }}").starts_with("error:"));
  CHECK(rendered("{{ 5 | plural }}").starts_with("error:"));
}

}  // namespace
}  // namespace nurtured::content::liquid
