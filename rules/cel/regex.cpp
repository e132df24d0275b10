#include "rules/cel/regex.h"

#include <string>

#include <re2/re2.h>

namespace nurtured::cel {
namespace {

constexpr std::int64_t regex_memory_max = 1 << 20;

}  // namespace

base::Result<std::shared_ptr<const re2::RE2>> compile_regex(std::string_view pattern,
                                                            const Limits& limits) {
  if (pattern.size() > limits.regex_bytes_max) {
    return base::fail(
        base::ErrorKind::too_large,
        "the pattern is longer than " + std::to_string(limits.regex_bytes_max) + " bytes");
  }
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_memory_max);
  auto regex =
      std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (regex->ok()) return regex;
  const bool too_large = regex->error_code() == RE2::ErrorPatternTooLarge ||
                         regex->error_code() == RE2::ErrorRepeatSize;
  return base::fail(too_large ? base::ErrorKind::too_large : base::ErrorKind::invalid,
                    "this is no regular expression: " + regex->error(), "see the RE2 syntax");
}

std::optional<Value> find_match(Evaluation& evaluation, const re2::RE2& regex,
                                std::string_view text) {
  if (!evaluation.charge(1 + text.size() / 8)) return std::nullopt;
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

}  // namespace nurtured::cel
