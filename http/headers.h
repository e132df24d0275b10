// Header fields in the order in which they came, looked up without regard to case (RFC 9110 section
// 5.1). Used by the server's requests and responses and by the client. All text lies in one buffer
// that clear() keeps, so a connection that serves many requests does not allocate for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nurtured::http {

// ASCII letters compare without regard to case, all other bytes as they are.
bool equal_ignoring_case(std::string_view left, std::string_view right);
// A token of RFC 9110 section 5.6.2: what a header name or a method may be. Not empty.
bool is_token(std::string_view text);
// True when `value` may stand in a header: no control characters but the tab (RFC 9110 section
// 5.5), so neither CR, LF nor NUL.
bool is_header_value(std::string_view value);

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  // Appends, whatever is there already. Text is kept as given: the server and the client refuse to
  // send what is_token or is_header_value refuse.
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of this name by one.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  // The first of this name. The view is valid until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  // Forgets all fields and keeps the memory.
  void clear();

  std::size_t size() const { return fields_.size(); }
  std::string_view name(std::size_t index) const { return text(fields_[index].name); }
  std::string_view value(std::size_t index) const { return text(fields_[index].value); }
  // Same fields in the same order.
  bool operator==(const Headers& other) const;

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };
  Span keep(std::string_view added);
  std::string_view text(Span span) const {
    return std::string_view(text_).substr(span.begin, span.size);
  }

  std::string text_;
  std::vector<Field> fields_;
};

}  // namespace nurtured::http
