// From a value to its tagged fields (store/codec.h). The field lists of store/fields.h call it once
// for each member. Inside store/ only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/codec.h"
#include "store/forms.h"
#include "store/wire.h"

namespace nurtured::store {

using wire::Writer;

class Encoder {
 public:
  // Moments are written as what they are after `origin`.
  Encoder(std::string& out, Names* names, Instant origin = {})
      : out_(out), names_(names), origin_(to_bits(origin)) {}

  bool failed() const { return failed_; }

  // Every later moment is counted from this one.
  void origin(unsigned tag, Instant value) {
    (*this)(tag, value);
    origin_ = to_bits(value);
  }

  // Texts that many records repeat.
  void name(unsigned tag, const std::string& value) {
    if (value.empty()) return;
    header(tag, Form::text);
    put_name(value);
  }
  void name(unsigned tag, const std::optional<std::string>& value) {
    if (!value) return;
    header(tag, Form::text);
    put_name(*value);
  }
  void name(unsigned tag, const std::vector<std::string>& values) {
    if (values.empty()) return;
    header(tag, Form::block);
    const std::size_t start = out_.open_block();
    for (const std::string& value : values) put_name(value);
    out_.close_block(start);
  }

  // A field. Structs and lists that turn out empty leave nothing behind.
  template <class T>
  void operator()(unsigned tag, const T& value) {
    if constexpr (IsOptional<T>::value) {
      if (!value) return;
      header(tag, form_of<T>());
      put(*value);
    } else if constexpr (Struct<T>) {
      const std::size_t before = out_.size();
      header(tag, Form::block);
      const std::size_t start = out_.open_block();
      Fields<T>::list(*this, value);
      if (out_.size() == start) return out_.cut(before);
      out_.close_block(start);
    } else {
      if (is_default(value)) return;
      header(tag, form_of<T>());
      put(value);
    }
  }

  template <class T>
  void operator()(unsigned tag, const T& value, const T& when_left_out) {
    if (value == when_left_out) return;
    header(tag, form_of<T>());
    put(value);
  }

  // An item of a list, or the payload of a field.
  void put(bool value) { out_.byte(value ? 1 : 0); }
  void put(double value) { out_.decimal(value); }
  void put(const std::string& value) { out_.text(value); }
  void put(const DedupKey& value) { out_.text(std::string(value.begin(), value.end())); }
  void put(Instant value) { out_.zigzag(static_cast<std::int64_t>(to_bits(value) - origin_)); }
  void put(ContactId value) { out_.zigzag(value.value); }
  template <Number T>
  void put(T value) {
    if constexpr (std::signed_integral<T>) {
      out_.zigzag(value);
    } else {
      out_.varint(value);
    }
  }
  template <Enumeration T>
  void put(T value) {
    out_.varint(static_cast<std::uint64_t>(number_of(value)));
  }
  template <Struct T>
  void put(const T& value) {
    const std::size_t start = out_.open_block();
    Fields<T>::list(*this, value);
    out_.close_block(start);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    put(value.first);
    put(value.second);
  }
  template <class T>
  void put(const std::vector<T>& items) {
    const std::size_t start = out_.open_block();
    for (const T& item : items) put(item);
    out_.close_block(start);
  }
  // Moments of one list lie close together: the first, then the steps between them.
  void put(const std::vector<Instant>& items) {
    const std::size_t start = out_.open_block();
    std::uint64_t before = origin_;
    for (const Instant item : items) {
      out_.zigzag(static_cast<std::int64_t>(to_bits(item) - before));
      before = to_bits(item);
    }
    out_.close_block(start);
  }
  template <class T>
  void put(const std::map<std::string, T, std::less<>>& entries) {
    const std::size_t start = out_.open_block();
    for (const auto& [key, value] : entries) {
      put_name(key);
      put(value);
    }
    out_.close_block(start);
  }
  void put(const cel::Value& value) {
    const std::size_t start = out_.open_block();
    put_bare(value, 0);
    out_.close_block(start);
  }
  void put_bare(const cel::Value& value, std::size_t depth);

 private:
  template <class T>
  static bool is_default(const T& value) {
    if constexpr (std::same_as<T, cel::Value>) {
      return value.is_null();
    } else if constexpr (requires { value.empty(); } && !std::same_as<T, DedupKey>) {
      return value.empty();
    } else if constexpr (Enumeration<T>) {
      return number_of(value) == 0;
    } else {
      return value == T{};
    }
  }
  void header(unsigned tag, Form form) { out_.varint(tag * 4U + static_cast<unsigned>(form)); }
  void put_name(const std::string& value) { out_.name(value, names_); }
  void put_key(const cel::Value& key, std::size_t depth);

  Writer out_;
  Names* names_;
  std::uint64_t origin_;
  bool failed_ = false;
};

}  // namespace nurtured::store
