// Filters that write for readers of a language: `plural`, `money`. By CLDR, through ICU.
#include <algorithm>
#include <cmath>
#include <memory>

#include <unicode/locid.h>
#include <unicode/numberformatter.h>
#include <unicode/plurrule.h>

#include "base/encoding.h"
#include "content/liquid/filters.h"
#include "content/liquid/number.h"
#include "content/liquid/text.h"

namespace nurtured::content::liquid {
namespace {

constexpr std::size_t forms_max = 6;  // CLDR has no more categories
constexpr std::size_t currency_letters = 3;

std::string language_of(std::string_view locale) {
  const std::string_view language = locale.substr(0, locale.find_first_of("-_"));
  return language.empty() ? "en" : std::string(language);
}

// The categories of a language in CLDR's order, without that of fractions where whole numbers have
// others: "one", "few", "many" in Russian, "one", "other" in English.
std::vector<std::string> categories_of(const icu::PluralRules& rules) {
  constexpr std::string_view order[] = {"zero", "one", "two", "few", "many", "other"};
  // Every category of whole numbers comes up among these (Arabic's, the richest, by 111).
  constexpr int samples = 120;
  std::vector<std::string> found;
  for (int i = 0; i < samples; ++i) {
    std::string category;
    rules.select(i).toUTF8String(category);
    if (std::ranges::find(found, category) == found.end()) found.push_back(std::move(category));
  }
  std::ranges::sort(found, {}, [&](const std::string& category) {
    return std::ranges::find(order, category) - std::begin(order);
  });
  return found;
}

std::unique_ptr<icu::PluralRules> rules_for(const std::string& language) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::PluralRules> rules(
      icu::PluralRules::forLocale(icu::Locale(language.c_str()), status));
  return U_SUCCESS(status) != 0 ? std::move(rules) : nullptr;
}

double to_double(const Number& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

// Which of the forms a number takes. The reader's language decides where it has as many; else the
// number of forms tells the language they were written in: three are Russian's, two English's.
std::size_t form_of(const Number& number, std::size_t forms, std::string_view locale) {
  auto rules = rules_for(language_of(locale));
  std::vector<std::string> categories;
  if (rules != nullptr) categories = categories_of(*rules);
  if (categories.size() != forms) {
    rules = rules_for(forms == 3 ? "ru" : "en");
    if (rules == nullptr) return forms - 1;
    categories = categories_of(*rules);
  }
  const auto* whole = std::get_if<std::int64_t>(&number);
  std::string category;
  // Counted by its last digits, which alone matter beyond what an int holds.
  const icu::UnicodeString selected =
      whole != nullptr ? rules->select(static_cast<std::int32_t>(std::abs(*whole % 1'000'000)))
                       : rules->select(std::abs(to_double(number)));
  selected.toUTF8String(category);
  const auto at = std::ranges::find(categories, category);
  // A fraction: "1,5 балла" takes the form of few.
  if (at == categories.end()) return std::min<std::size_t>(1, forms - 1);
  return std::min<std::size_t>(static_cast<std::size_t>(at - categories.begin()), forms - 1);
}

// {{ 5 | plural: "балл", "балла", "баллов" }} is баллов; "item", "items" in English.
Checked<Value> plural(const FilterInput& call) {
  const auto number = to_number(call.input);
  if (!number) return fault(number.error());
  return call.arguments[form_of(*number, call.arguments.size(), call.options.locale)];
}

// {{ 4990 | money: "RUB" }} is 4 990 ₽ to readers of Russian. Whole amounts have no decimals.
// What is no number stays as it is, so that what is not known is never a price of nothing.
Checked<Value> money(const FilterInput& call) {
  const auto code = currency_of(text_argument(call, 0));
  if (!code) return tl::unexpected<Fault>(code.error());
  if (!is_number(call.input)) return call.input;
  const auto number = to_number(call.input);
  if (!number) return fault(number.error());
  const double amount = to_double(*number);
  const bool is_whole = amount == std::floor(amount);
  UErrorCode status = U_ZERO_ERROR;
  const icu::CurrencyUnit unit(icu::UnicodeString::fromUTF8(*code).getTerminatedBuffer(), status);
  // An empty one would be the process's own.
  const std::string locale(call.options.locale.empty() ? "en" : call.options.locale);
  const auto text = icu::number::NumberFormatter::withLocale(icu::Locale(locale.c_str()))
                        .unit(unit)
                        .unitWidth(UNUM_UNIT_WIDTH_NARROW)
                        .precision(is_whole ? icu::number::Precision::integer()
                                            : icu::number::Precision::fixedFraction(2))
                        .formatDouble(amount, status)
                        .toString(status);
  if (U_SUCCESS(status) == 0) return fault("the amount cannot be written");
  std::string out;
  text.toUTF8String(out);
  return cel::Value(std::move(out));
}

constexpr FilterEntry entries[] = {
    {"money", 1, 1, money},
    {"plural", 1, forms_max, plural},
};

}  // namespace

std::span<const FilterEntry> locale_filters() {
  return entries;
}

Checked<std::string> currency_of(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text.size() != currency_letters || !std::ranges::all_of(text, is_letter)) {
    return fault("'" + std::string(base::cut_utf8(text, 20)) +
                 "' is no currency: write RUB, EUR, USD, CNY");
  }
  std::string code(text);
  for (char& c : code) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  return code;
}

}  // namespace nurtured::content::liquid
