// From tagged fields back to a value (store/codec.h), whatever the bytes are: after the first fault
// it takes nothing more and says so. The field lists of store/fields.h call it once for each
// member. Inside store/ only.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/codec.h"
#include "store/forms.h"
#include "store/wire.h"

namespace nurtured::store {

using wire::Cursor;

// What all blocks of one record share.
struct DecodeContext {
  Names* names = nullptr;
  std::uint64_t origin = 0;               // moments are counted from it
  std::size_t bytes = decoded_bytes_max;  // memory still to be had
};

class Decoder {
 public:
  Decoder(std::string_view data, DecodeContext& context) : in_(data), context_(context) {
    next_header();
  }

  bool failed() const { return in_.failed(); }

  void origin(unsigned tag, Instant& value) {
    (*this)(tag, value);
    context_.origin = to_bits(value);
  }
  template <class T>
  void name(unsigned tag, T& value) {
    (*this)(tag, value);
  }
  template <class T>
  void operator()(unsigned tag, T& value) {
    if (!seek(tag, form_of<T>())) return;
    take_into(in_, value);
    next_header();
  }
  template <class T>
  void operator()(unsigned tag, T& value, const T& when_left_out) {
    if (!seek(tag, form_of<T>())) {
      value = when_left_out;
      return;
    }
    take_into(in_, value);
    next_header();
  }

  // Whatever follows the last field that is known must at least be fields.
  void finish() {
    while (has_header_) skip_field();
  }

  cel::Value take_bare(Cursor& in, std::size_t depth);

 private:
  void next_header() {
    has_header_ = !in_.at_end();
    if (has_header_) header_ = in_.varint();
  }
  void skip_field() {
    in_.skip(static_cast<Form>(header_ % 4));
    next_header();
  }
  // Fields come in ascending order, so those below `tag` are ones that are not known here.
  bool seek(unsigned tag, Form form) {
    while (has_header_ && header_ / 4 < tag) skip_field();
    if (!has_header_ || header_ / 4 != tag) return false;
    if (header_ % 4 != static_cast<unsigned>(form)) in_.fail();
    return !in_.failed();
  }
  bool afford(Cursor& in, std::size_t bytes) {
    if (bytes > context_.bytes) {
      in.fail();
      return false;
    }
    context_.bytes -= bytes;
    return true;
  }

  static Instant take_moment(Cursor& in, std::uint64_t origin) {
    return from_bits(origin + static_cast<std::uint64_t>(in.zigzag()));
  }
  static void take_into(Cursor& in, bool& value) { value = in.varint() != 0; }
  static void take_into(Cursor& in, double& value) { value = in.decimal(); }
  void take_into(Cursor& in, std::string& value) { value = in.text(context_.names); }
  static void take_into(Cursor& in, DedupKey& value) {
    const std::string bytes = in.text(nullptr);
    if (bytes.size() != value.size()) return in.fail();
    std::ranges::copy(bytes, value.begin());
  }
  void take_into(Cursor& in, Instant& value) { value = take_moment(in, context_.origin); }
  static void take_into(Cursor& in, ContactId& value) { value.value = in.zigzag(); }
  template <Number T>
  static void take_into(Cursor& in, T& value) {
    if constexpr (std::signed_integral<T>) {
      const std::int64_t taken = in.zigzag();
      if (!std::in_range<T>(taken)) return in.fail();
      value = static_cast<T>(taken);
    } else {
      const std::uint64_t taken = in.varint();
      if (!std::in_range<T>(taken)) return in.fail();
      value = static_cast<T>(taken);
    }
  }
  template <Enumeration T>
  static void take_into(Cursor& in, T& value) {
    const auto found = enumerator<T>(in.varint());
    if (!found) return in.fail();
    value = *found;
  }
  template <class T>
  void take_into(Cursor& in, std::optional<T>& value) {
    take_into(in, value.emplace());
  }
  template <Struct T>
  void take_into(Cursor& in, T& value) {
    Decoder inner(in.block(), context_);
    Fields<T>::list(inner, value);
    inner.finish();
    if (inner.failed()) in.fail();
  }
  template <class A, class B>
  void take_into(Cursor& in, std::pair<A, B>& value) {
    take_into(in, value.first);
    take_into(in, value.second);
  }
  template <class T>
  void take_into(Cursor& in, std::vector<T>& items) {
    Cursor inner(in.block());
    while (!inner.at_end() && afford(inner, sizeof(T))) take_into(inner, items.emplace_back());
    if (inner.failed()) in.fail();
  }
  void take_into(Cursor& in, std::vector<Instant>& items) {
    Cursor inner(in.block());
    std::uint64_t before = context_.origin;
    while (!inner.at_end() && afford(inner, sizeof(Instant))) {
      items.push_back(take_moment(inner, before));
      before = to_bits(items.back());
    }
    if (inner.failed()) in.fail();
  }
  template <class T>
  void take_into(Cursor& in, std::map<std::string, T, std::less<>>& entries) {
    Cursor inner(in.block());
    while (!inner.at_end() && afford(inner, sizeof(std::pair<std::string, T>))) {
      std::string key = inner.text(context_.names);
      take_into(inner, entries.emplace_hint(entries.end(), std::move(key), T{})->second);
    }
    if (inner.failed()) in.fail();
  }
  void take_into(Cursor& in, cel::Value& value) {
    Cursor inner(in.block());
    value = take_bare(inner, 0);
    if (inner.failed() || !inner.at_end()) in.fail();
  }

  cel::Value take_list(Cursor& in, std::size_t depth);
  cel::Value take_map(Cursor& in, std::size_t depth);

  Cursor in_;
  DecodeContext& context_;
  bool has_header_ = false;
  std::uint64_t header_ = 0;
};

}  // namespace nurtured::store
