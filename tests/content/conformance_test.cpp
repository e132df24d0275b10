// The public half of an outside suite of Liquid cases, where it lies beside the checkout.
#include <fstream>
#include <string>
#include <utility>

#include "content/liquid/render_line.h"
#include "rules/cel/json.h"
#include "tests/catch.h"

namespace nurtured::content::liquid {
namespace {

const char* const cases_path = "../shared/conformance/liquid.jsonl";

// The case as a line of the render filter.
std::string request_of(const cel::Value& test) {
  cel::Map request;
  request.set("template", *test.find("template"));
  if (const cel::Value* data = test.find("data")) request.set("data", *data);
  if (const cel::Value* partials = test.find("templates")) request.set("partials", *partials);
  return cel::to_json(cel::Value(std::move(request)));
}

bool is_right(const cel::Value& test, const cel::Value& answer) {
  const cel::Value* output = answer.find("output");
  const cel::Value* invalid = test.find("invalid");
  if (invalid != nullptr && invalid->as_bool()) return output == nullptr;
  if (output == nullptr) return false;
  if (const cel::Value* result = test.find("result")) return *output == *result;
  for (const cel::Value& result : test.find("results")->as_list()) {
    if (*output == result) return true;
  }
  return false;
}

TEST_CASE("the outside suite of Liquid cases passes") {
  std::ifstream file(cases_path);
  if (!file) {
    WARN("skipped: " << cases_path << " is not here");
    return;
  }
  int passed = 0;
  int total = 0;
  std::string line;
  while (std::getline(file, line)) {
    const auto test = cel::from_json(line);
    REQUIRE(test);
    const std::string answer = render_line(request_of(*test), base::from_millis(1'700'000'000'000));
    const auto read = cel::from_json(answer);
    REQUIRE(read);
    ++total;
    if (is_right(*test, *read)) {
      ++passed;
    } else {
      UNSCOPED_INFO(test->find("name")->as_string()
                    << ": " << request_of(*test) << " gave " << answer);
    }
  }
  WARN("Liquid: " << passed << " of " << total << " cases pass");
  REQUIRE(passed * 100 >= total * 99);
}

}  // namespace
}  // namespace nurtured::content::liquid
