#include "daemon/chart.h"

#include "tests/catch.h"

using namespace nurtured::daemon;

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

}  // namespace

TEST_CASE("a chart draws each number above zero once, and has a scale, labels and a legend") {
  const std::string columns = column_chart({.title = "Sent", .x_axis = "day", .y_axis = "messages"},
                                           {"Mon", "Tue"}, {{"value", {3, 0}}, {"offer", {1, 2}}});
  CHECK(count(columns, "<rect ") == 3);
  CHECK(columns.find("<title>Mon: 3 value</title>") != std::string::npos);
  CHECK(columns.find(">Tue</text>") != std::string::npos);
  CHECK(columns.find(">messages</text>") != std::string::npos);
  CHECK(columns.find("class=\"legend\"") != std::string::npos);
  const std::string bars = bar_chart({.title = "Holds", .x_axis = {}, .y_axis = "days"},
                                     {"mix", "cap"}, {{"value", {250.5, 10}}});
  CHECK(count(bars, "<rect ") == 2);
  CHECK(bars.find(">250.5</text>") != std::string::npos);
  CHECK(bars.find(">400</text>") != std::string::npos);
  CHECK(bars.find("legend") == std::string::npos);
}

TEST_CASE("a chart of nothing is drawn as well") {
  CHECK(column_chart({}, {}, {}).find("</svg>") != std::string::npos);
  CHECK(bar_chart({}, {"a"}, {{"b", {0}}}).find("<rect") == std::string::npos);
}

TEST_CASE("charts beside one another may share a scale") {
  const ChartOptions options{.title = {}, .x_axis = {}, .y_axis = {}, .scale_reaches = 75};
  CHECK(column_chart(options, {"a"}, {{"b", {3}}}).find(">80</text>") != std::string::npos);
  CHECK(column_chart(options, {"a"}, {{"b", {90}}}).find(">100</text>") != std::string::npos);
}

TEST_CASE("hostile names stay names") {
  const std::string name = GENERATE("<script>alert(1)</script>", "\"><img src=x onerror=1>",
                                    "'><svg/onload=1>", "</title><b>", "a & b", "</svg>", "<!--",
                                    "]]>", "&lt;script&gt;", "<style>*{display:none}</style>");
  for (const auto& chart : {column_chart({.title = name, .x_axis = name, .y_axis = name}, {name},
                                         {{name, {1}}, {name, {2}}}),
                            bar_chart({.title = name, .x_axis = name, .y_axis = name}, {name},
                                      {{name, {1}}, {name, {2}}})}) {
    for (const char* part : {"<script", "<img", "<svg/", "<b>", "<!--", "<style", "</title><b"}) {
      CHECK(chart.find(part) == std::string::npos);
    }
    CHECK(count(chart, "</svg>") == 1);
  }
}

TEST_CASE("a long label is cut at a letter") {
  std::string label;
  for (int i = 0; i < 40; ++i) label += "ж";
  const std::string chart = bar_chart({}, {label}, {{"a", {1}}});
  CHECK(chart.find("ж…</text>") != std::string::npos);
}
