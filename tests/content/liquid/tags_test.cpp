#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/catch.h"
#include "tests/content/liquid/rendered.h"

namespace nurtured::content::liquid {
namespace {

struct Case {
  const char* name;
  const char* source;
  const char* expected;
};

constexpr std::string_view data =
    R"({"contact": {"first_name": "Anna", "tags": ["warm", "vip"], "score": 50, "empty": ""},
        "items": [{"t": "a", "n": 1}, {"t": "b", "n": 2}, {"t": "c", "n": 3}], "nothing": null})";

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    INFO(one.name << ": " << one.source);
    CHECK(rendered(one.source, {.data = data}) == one.expected);
  }
}

TEST_CASE("assign, capture and echo keep and show values") {
  check({
      {"a value", "{% assign x = 5 %}{{ x }}", "5"},
      {"with filters", "{% assign x = 'a,b' | split: ',' %}{{ x[1] }}", "b"},
      {"a loop's assignment stays", "{% for i in (1..3) %}{% assign x = i %}{% endfor %}{{ x }}",
       "3"},
      {"a global is hidden", "{% assign contact = 1 %}{{ contact }}", "1"},
      {"nothing", "{% assign x = %}[{{ x }}]", "[]"},
      {"capture", "{% capture c %}<{{ contact.first_name }}>{% endcapture %}{{ c | size }}{{ c }}",
       "6<Anna>"},
      {"capture in quotes", "{% capture 'c' %}x{% endcapture %}{{ c }}", "x"},
      {"echo", "{% echo contact.score | plus: 1 %}", "51"},
  });
}

TEST_CASE("if, unless and case choose") {
  check({
      {"if", "{% if contact.score > 40 %}hot{% endif %}", "hot"},
      {"elsif", "{% if nothing %}a{% elsif contact %}b{% else %}c{% endif %}", "b"},
      {"else", "{% if false %}a{% else %}b{% endif %}", "b"},
      {"and before or, from the right", "{% if true or false and false %}y{% else %}n{% endif %}",
       "y"},
      {"false and the rest", "{% if false and false or true %}y{% else %}n{% endif %}", "n"},
      {"0 and an empty text are true", "{% if 0 %}0{% endif %}{% if '' %}e{% endif %}", "0e"},
      {"contains in a list", "{% if contact.tags contains 'vip' %}y{% endif %}", "y"},
      {"contains in a text", "{% if contact.first_name contains 'nn' %}y{% endif %}", "y"},
      {"contains in a map", "{% if contact contains 'score' %}y{% endif %}", "y"},
      {"a range contains what is between its ends",
       "{% assign r = (1..3) %}{% if r contains 2.5 %}y{% endif %}{% if r contains 3.5 %}n{% endif "
       "%}",
       "y"},
      {"a range contains", "{% assign r = (1..3) %}{% if r contains 2 %}y{% endif %}", "y"},
      {"nil orders with nothing", "{% if nothing < 1 or nothing > 1 %}y{% else %}n{% endif %}",
       "n"},
      {"texts have an order", "{% if 'a' < 'b' %}y{% endif %}", "y"},
      {"a number and a text do not", "{% if 1 < 'b' %}y{% endif %}",
       "error: cannot compare a number with a text"},
      {"blank", "{% if contact.empty == blank and nothing == blank %}y{% endif %}", "y"},
      {"empty is not blank", "{% if nothing == empty %}y{% else %}n{% endif %}", "n"},
      {"unless", "{% unless nothing %}y{% else %}n{% endunless %}", "y"},
      {"case", "{% case contact.score %}{% when 1, 50 %}a{% else %}b{% endcase %}", "a"},
      {"case with or", "{% case 'x' %}{% when 'y' or 'x' %}a{% endcase %}", "a"},
      {"every when that matches", "{% case 1 %}{% when 1 %}a{% when 1 %}b{% endcase %}", "ab"},
      {"case of empty", "{% case contact.empty %}{% when empty %}e{% endcase %}", "e"},
  });
}

TEST_CASE("for goes through collections") {
  check({
      {"a list", "{% for i in items %}{{ i.t }}{% endfor %}", "abc"},
      {"a range", "{% for i in (1..3) %}{{ i }}{% endfor %}", "123"},
      {"an empty range", "{% for i in (3..1) %}{{ i }}{% else %}none{% endfor %}", "none"},
      {"a map", "{% for p in items[0] %}{{ p[0] }}={{ p[1] }};{% endfor %}", "t=a;n=1;"},
      {"a text is one item", "{% for c in 'abc' %}[{{ c }}]{% endfor %}", "[abc]"},
      {"nil", "{% for c in nothing %}x{% else %}none{% endfor %}", "none"},
      {"limit and offset", "{% for i in (1..9) limit: 2 offset: 3 %}{{ i }}{% endfor %}", "45"},
      {"reversed after the cut", "{% for i in (1..9) reversed limit: 3 %}{{ i }}{% endfor %}",
       "321"},
      {"offset: continue",
       "{% for i in (1..5) limit: 2 %}{{ i }}{% endfor %}-"
       "{% for i in (1..5) offset: continue %}{{ i }}{% endfor %}",
       "12-345"},
      {"break", "{% for i in (1..9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}!",
       "12!"},
      {"continue",
       "{% for i in (1..4) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "134"},
      {"break outside a loop ends the text", "a{% break %}b", "a"},
      {"forloop",
       "{% for i in items %}{{ forloop.index }}{{ forloop.index0 }}{{ forloop.rindex }}"
       "{{ forloop.rindex0 }}{{ forloop.first }}{{ forloop.last }}{{ forloop.length }} {% endfor "
       "%}",
       "1032truefalse3 2121falsefalse3 3210falsetrue3 "},
      {"parentloop",
       "{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{% endfor %}"
       "{% endfor %}",
       "1122"},
      {"a huge range is not made", "{% for i in (1..9000000000000) limit: 2 %}{{ i }}{% endfor %}",
       "12"},
      {"a wrong limit", "{% for i in (1..4) limit: 'x' %}{{ i }}{% endfor %}",
       "error: 'x' is not a whole number"},
  });
}

TEST_CASE("tablerow writes a table") {
  check({
      {"two columns", "{% tablerow i in (1..3) cols: 2 %}{{ i }}{% endtablerow %}",
       "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n"
       "<tr class=\"row2\"><td class=\"col1\">3</td></tr>\n"},
      {"its loop",
       "{% tablerow i in (1..2) cols: 1 %}{{ tablerowloop.row }}"
       "{{ tablerowloop.col_last }}{% endtablerow %}",
       "<tr class=\"row1\">\n<td class=\"col1\">1true</td></tr>\n"
       "<tr class=\"row2\"><td class=\"col1\">2true</td></tr>\n"},
      {"nil", "{% tablerow i in nothing %}x{% endtablerow %}", ""},
  });
}

TEST_CASE("counters, cycle and ifchanged remember") {
  check({
      {"increment", "{% increment n %}{% increment n %}{{ n }}", "012"},
      {"decrement", "{% decrement n %}{% decrement n %}", "-1-2"},
      {"a counter is no assigned variable", "{% assign n = 9 %}{% increment n %}{{ n }}", "09"},
      {"cycle", "{% for i in (1..4) %}{% cycle 'a', 'b' %}{% endfor %}", "abab"},
      {"cycles alike go together", "{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}", "ab"},
      {"named", "{% cycle 'x': 'a', 'b' %}{% cycle 'y': 'a', 'b' %}", "aa"},
      {"a comma in quotes", "{% cycle 'a,b', 'c' %}", "a,b"},
      {"ifchanged", "{% for i in '1,1,2' | split: ',' %}{% endfor %}",
       "error: unexpected | in a loop"},
      {"ifchanged twice", "{% for i in items %}{% ifchanged %}x{% endifchanged %}{% endfor %}",
       "x"},
  });
}

TEST_CASE("comments, raw, doc and liquid") {
  check({
      {"comment", "a{% comment %}{% if %}{% endcomment %}b", "ab"},
      {"nested comment", "a{% comment %}{% comment %}{% endcomment %}{% endcomment %}b", "ab"},
      {"inline comment", "a{% # anything ' at all %}b", "ab"},
      {"inline comment over lines", "a{% # one\n # two %}b", "ab"},
      {"a line without #", "{% # one\n two %}",
       "error: a line of a comment does not begin with '#'"},
      {"raw", "{% raw %}{{ x }}{% if %}{% endraw %}", "{{ x }}{% if %}"},
      {"doc", "a{% doc %}Anything{% enddoc %}b", "ab"},
      {"liquid", "{% liquid\nassign x = 2\nfor i in (1..x)\necho i\nendfor\n%}", "12"},
      {"a body must end where it began", "{% if true %}{% liquid endif %}",
       "error: unexpected tag 'endif' in 'liquid'"},
  });
}

TEST_CASE("white space is trimmed where a dash says so, and blocks that print nothing are empty") {
  check({
      {"both sides", "a  {{- 1 -}}  b", "a1b"},
      {"a tag", "a \n{%- assign x = 1 -%}\n b", "ab"},
      {"only one side", "a {{ 1 -}} b", "a 1b"},
      {"a blank block", "[{% if true %} \n {% assign x = 1 %} {% endif %}]", "[]"},
      {"a block that prints", "[{% if true %} x {% endif %}]", "[ x ]"},
      {"raw keeps its own", "{% raw -%} a {%- endraw %}", " a "},
  });
}

TEST_CASE("include shares the variables, render does not") {
  const std::map<std::string, std::string> partials = {
      {"name", "[{{ x }}{{ contact.first_name }}]"},
      {"sets", "{% assign y = 'set' %}"},
      {"item", "{{ item.t }}{{ forloop.index }}"},
      {"stops", "{% break %}"},
      {"includes", "{% include 'name' %}"},
      {"broken", "{% if %}"},
      {"self", "{% render 'self' %}"},
      {"folder/card", "{{ card }}"},
  };
  const std::vector<Case> cases = {
      {"include", "{% assign x = 1 %}{% include 'name' %}", "[1Anna]"},
      {"render sees globals alone", "{% assign x = 1 %}{% render 'name' %}", "[Anna]"},
      {"arguments", "{% render 'name', x: 7 %}{% include 'name' x: 8 %}", "[7Anna][8Anna]"},
      {"include leaves what it assigns", "{% include 'sets' %}{{ y }}", "set"},
      {"render leaves nothing", "{% render 'sets' %}{{ y }}", ""},
      {"include for", "{% include 'item' for items %}", "abc"},
      {"render for", "{% render 'item' for items %}", "a1b2c3"},
      {"with as", "{% render 'item' with items[1] as item %}", "b"},
      {"the last part of the name", "{% render 'folder/card' with 5 %}", "5"},
      {"break passes include", "{% for i in (1..3) %}{{ i }}{% include 'stops' %}{% endfor %}",
       "1"},
      {"break does not pass render", "{% for i in (1..3) %}{{ i }}{% render 'stops' %}{% endfor %}",
       "123"},
      {"include within render", "{% render 'includes' %}",
       "error: 'include' may not be used within 'render'"},
      {"missing", "{% include 'nowhere' %}", "error: there is no template 'nowhere'"},
      {"broken", "{% render 'broken' %}", "error: expected a variable or a value, found the end"},
      {"a broken one that is not used", "{% if false %}{% render 'broken' %}{% endif %}", ""},
      {"endless", "{% render 'self' %}",
       "error: the template nests too deeply: more than 200 levels"},
      {"a name that is no text", "{% include 5 %}", "error: the name of a template is not a text"},
  };
  for (const Case& one : cases) {
    INFO(one.name << ": " << one.source);
    CHECK(rendered(one.source, {.data = data, .partials = partials}) == one.expected);
  }
}

}  // namespace
}  // namespace nurtured::content::liquid
