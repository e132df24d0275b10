// The bytes under store/codec.h: numbers of variable length, short texts, blocks with their length
// in front. Inside store/ only. Everything here is stored: forms may be added, never changed.
//
//   varint   seven bits a byte, the lowest first, the high bit set on all but the last byte
//   signed   zigzag, then varint
//   text     varint(length * 4 + form): 0 the bytes themselves, 1 a word of the dictionary (the
//            length is its number), 2 lower-case hexadecimal digits packed two a byte, 3 a name
//            of the file's table (the length is its number; store/names.h)
//   block    varint(length), then as many bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nurtured::store {
class Names;
}

namespace nurtured::store::wire {

// How a field's payload is skipped by who does not know its tag. Stored.
enum class Form : std::uint8_t { varint = 0, eight_bytes = 1, text = 2, block = 3 };

class Writer {
 public:
  // Appends to `out`, which must outlive it.
  explicit Writer(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void decimal(double value);
  void text(std::string_view value);
  // A text that other records are likely to repeat. Without `names` as text().
  void name(std::string_view value, Names* names);

  // What is written between the two becomes a block. Its length is put in front at the end; blocks
  // under 128 bytes, nearly all, are not moved for it.
  std::size_t open_block() {
    out_.push_back('\0');
    return out_.size();
  }
  void close_block(std::size_t start);

  std::size_t size() const { return out_.size(); }
  void cut(std::size_t size) { out_.resize(size); }

 private:
  std::string& out_;
};

// Takes from the front. After the first fault everything it gives is zero or empty, and failed()
// says so; callers look once, at the end.
class Cursor {
 public:
  explicit Cursor(std::string_view data) : data_(data) {}

  bool at_end() const { return data_.empty(); }
  bool failed() const { return failed_; }
  void fail() {
    failed_ = true;
    data_ = {};
  }

  std::uint8_t byte() {
    if (data_.empty()) {
      fail();
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(data_.front());
    data_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    const std::uint8_t first = byte();
    return first < 0x80 ? first : long_varint(first);
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  double decimal();
  // Fails for a name where `names` is missing or does not have it.
  std::string text(Names* names);
  std::string_view block();
  void skip(Form form);

 private:
  std::uint64_t long_varint(std::uint8_t first);
  std::string_view take(std::uint64_t count);

  std::string_view data_;
  bool failed_ = false;
};

}  // namespace nurtured::store::wire
