#include "http/multipart.h"

#include "tests/catch.h"

using namespace nurtured::http;
using nurtured::base::ErrorKind;

namespace {

constexpr const char* type = "multipart/form-data; boundary=b";

std::string field(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

}  // namespace

TEST_CASE("a form's fields are read in their order") {
  struct Case {
    const char* name;
    std::string type;
    std::string body;
    Parameters expected;
  };
  const Case cases[] = {
      {"two fields", type, field("a", "1") + field("b", "") + "--b--\r\n", {{"a", "1"}, {"b", ""}}},
      {"what stands before and after",
       type,
       "hello\r\n" + field("a", "1") + "--b--\r\nbye",
       {{"a", "1"}}},
      {"no line end at the very end", type, field("a", "1") + "--b--", {{"a", "1"}}},
      {"a boundary in quotes",
       "multipart/form-data; charset=utf-8; boundary=\"b\"",
       field("a", "1") + "--b--",
       {{"a", "1"}}},
      {"blanks after a delimiter",
       type,
       "--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--",
       {{"a", "1"}}},
      {"a value that looks like a delimiter",
       type,
       field("a", "x--b") + field("c", "\r\n-b\r\n") + "--b--",
       {{"a", "x--b"}, {"c", "\r\n-b\r\n"}}},
      {"other headers and any case",
       type,
       "--b\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; "
       "NAME=\"a\"\r\n\r\n1\r\n--b--",
       {{"a", "1"}}},
      {"a file is its name",
       type,
       "--b\r\nContent-Disposition: form-data; name=\"cv\"; "
       "filename=\"C:\\\\cv.pdf\"\r\n\r\n%PDF\r\n--b--",
       {{"cv", "C:\\cv.pdf"}}},
      {"a name in quotes with escapes",
       type,
       "--b\r\nContent-Disposition: form-data; name=\"a \\\"b\\\" ; c\"\r\n\r\n1\r\n--b--",
       {{"a \"b\" ; c", "1"}}},
      {"a part without a name",
       type,
       "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
       {}},
      {"a part without headers", type, "--b\r\n\r\n1\r\n--b--", {}},
      {"no parts", type, "--b--", {}},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const auto read = parse_multipart(c.type, c.body);
    REQUIRE(read);
    CHECK(*read == c.expected);
  }
}

TEST_CASE("what is no form is refused") {
  struct Case {
    const char* name;
    std::string type;
    std::string body;
    ErrorKind kind = ErrorKind::invalid;
  };
  std::string many;
  for (std::size_t i = 0; i <= multipart_parts_max; ++i) many += field("a", "1");
  const Case cases[] = {
      {"no boundary", "multipart/form-data", field("a", "1")},
      {"an empty boundary", "multipart/form-data; boundary=", field("a", "1")},
      {"a boundary too long", "multipart/form-data; boundary=" + std::string(71, 'b'), ""},
      {"an open quote", "multipart/form-data; boundary=\"b", field("a", "1")},
      {"another boundary", type, "--c\r\n\r\n1\r\n--c--"},
      {"an empty body", type, ""},
      {"a body that breaks off in a value", type, field("a", "1") + "--b\r\nX: y\r\n\r\n1"},
      {"a body that breaks off in a header", type, "--b\r\nContent-Disposition: form-data"},
      {"a body that breaks off in a delimiter", type, "--b"},
      {"a delimiter that goes on", type, "--bc\r\n\r\n1\r\n--bc--"},
      {"no end of headers", type, "--b\r\nContent-Disposition: form-data\r\n--b--"},
      {"headers too long", type, "--b\r\nX: " + std::string(5000, 'x') + "\r\n\r\n1\r\n--b--",
       ErrorKind::too_large},
      {"too many fields", type, many + "--b--", ErrorKind::too_large},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const auto read = parse_multipart(c.type, c.body);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == c.kind);
  }
}

TEST_CASE("a form that is written reads back as it was") {
  const std::string picture("\x89PNG\r\n\x1a\n--\r\n\0--b", 16);
  const std::vector<FormField> fields = {
      {.name = "chat_id", .value = "-100"},
      {.name = "caption", .value = ""},
      {.name = "a\"b\r\nX: y", .value = "line\r\n--other\r\n"},
      {.name = "photo",
       .value = picture,
       .file_name = "фото \"1\".png",
       .content_type = "image/png"},
  };
  const MultipartBody form = build_multipart(fields, "b0undary");
  CHECK(form.content_type == "multipart/form-data; boundary=b0undary");
  const auto read = parse_multipart(form.content_type, form.body);
  REQUIRE(read);
  CHECK(*read == Parameters{{"chat_id", "-100"},
                            {"caption", ""},
                            {"a%22b%0D%0AX: y", "line\r\n--other\r\n"},
                            {"photo", "фото %221%22.png"}});
  CHECK(form.body.find(picture) != std::string::npos);
  CHECK(form.body.find("\r\nContent-Type: image/png\r\n\r\n") != std::string::npos);
}

TEST_CASE("a content type cannot bring headers of its own") {
  const std::vector<FormField> fields = {
      {.name = "f", .value = "x", .file_name = "f", .content_type = "a/b\r\nX-Evil: 1"}};
  CHECK(build_multipart(fields, "b").body.find("Evil") == std::string::npos);
  CHECK(build_multipart({}, "b").body == "--b--\r\n");
}
