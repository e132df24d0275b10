#include "store/wire.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "store/names.h"

namespace nurtured::store::wire {
namespace {

enum TextForm : std::uint8_t { plain = 0, word = 1, hexadecimal = 2, named = 3 };

// What nearly every record repeats. Stored by position: never changed, and added to only by a
// release after one that reads the addition.
constexpr std::array<std::string_view, 77> words = {
    "email", "telegram", "sms", "whatsapp", "vk", "phone", "push", "webhook", "file",
    // decisions
    "start", "send", "hold", "skip", "ask", "wait", "fail", "end", "set", "tag", "untag", "move_to",
    "score", "emit", "do", "notify", "handoff", "touch", "conversion", "ignored", "error",
    "suppress", "finished", "goal", "stopped",
    // built-in events
    "page.viewed", "screen.viewed", "contact.identified", "group.joined", "message.sent",
    "message.delivered", "message.opened", "message.clicked", "message.replied", "message.bounced",
    "message.complained", "message.unsubscribed", "link.clicked", "segment.entered", "segment.left",
    "stage.moved", "enrollment.started", "enrollment.ended", "handoff.started", "handoff.ended",
    "touch.logged",
    // traits and properties
    "first_name", "last_name", "name", "birthday", "message", "kind", "channel", "playbook", "link",
    "url", "title", "path", "outcome", "step",
    // consent
    "sdk", "form", "double-opt-in",
    // stages of the journey
    "awareness", "consideration", "decision", "retention", "advocacy"};

constexpr std::size_t word_length_max = 24;
constexpr std::size_t slots = 256;

constexpr std::size_t slot_of(std::string_view text) {
  const auto at = [text](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[i]));
  };
  return (text.size() * 37 + at(0) * 5 + at(text.size() - 1) * 11 + at(text.size() / 2) * 59) %
         slots;
}

// A small open-addressed table, filled by the compiler: position + 1, or 0 for an empty slot.
constexpr std::array<std::uint8_t, slots> make_table() {
  std::array<std::uint8_t, slots> table{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t slot = slot_of(words[i]);
    while (table[slot] != 0) slot = (slot + 1) % slots;
    table[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return table;
}
constexpr auto table = make_table();

std::optional<std::size_t> word_number(std::string_view text) {
  if (text.empty() || text.size() > word_length_max) return std::nullopt;
  for (std::size_t slot = slot_of(text); table[slot] != 0; slot = (slot + 1) % slots) {
    if (words[table[slot] - 1U] == text) return table[slot] - 1U;
  }
  return std::nullopt;
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Shorter ones gain too little to be looked at.
constexpr std::size_t hexadecimal_min = 16;

bool is_hexadecimal(std::string_view text) {
  if (text.size() < hexadecimal_min || text.size() % 2 != 0) return false;
  for (const char c : text) {
    if (hex_digit(c) < 0) return false;
  }
  return true;
}

std::string unpack(std::string_view packed) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(packed.size() * 2);
  for (const char c : packed) {
    const auto value = static_cast<unsigned char>(c);
    text.push_back(digits[value >> 4U]);
    text.push_back(digits[value & 15U]);
  }
  return text;
}

}  // namespace

void Writer::decimal(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(bits >> shift));
}

void Writer::text(std::string_view value) {
  if (const auto number = word_number(value)) return varint(*number * 4 + word);
  if (!is_hexadecimal(value)) {
    varint(value.size() * 4 + plain);
    out_.append(value);
    return;
  }
  varint(value.size() / 2 * 4 + hexadecimal);
  for (std::size_t i = 0; i < value.size(); i += 2) {
    byte(static_cast<std::uint8_t>(hex_digit(value[i]) * 16 + hex_digit(value[i + 1])));
  }
}

void Writer::name(std::string_view value, Names* names) {
  const auto number =
      names == nullptr || word_number(value) ? std::nullopt : names->number_of(value);
  if (!number) return text(value);
  varint(*number * 4 + named);
}

void Writer::close_block(std::size_t start) {
  const std::size_t length = out_.size() - start;
  if (length < 0x80) {
    out_[start - 1] = static_cast<char>(length);
    return;
  }
  std::string front;
  Writer(front).varint(length);
  out_.replace(start - 1, 1, front);
}

std::uint64_t Cursor::long_varint(std::uint8_t first) {
  std::uint64_t value = first & 0x7FU;
  for (unsigned shift = 7; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
    if (next < 0x80) {
      // The tenth byte has room for one bit; others would be lost without a word.
      if (shift == 63 && next > 1) fail();
      return failed_ ? 0 : value;
    }
  }
  fail();
  return 0;
}

std::string_view Cursor::take(std::uint64_t count) {
  if (count > data_.size()) {
    fail();
    return {};
  }
  const std::string_view taken = data_.substr(0, static_cast<std::size_t>(count));
  data_.remove_prefix(taken.size());
  return taken;
}

double Cursor::decimal() {
  const std::string_view taken = take(8);
  std::uint64_t bits = 0;
  for (std::size_t i = taken.size(); i > 0; --i) {
    bits = bits << 8U | static_cast<unsigned char>(taken[i - 1]);
  }
  return std::bit_cast<double>(bits);
}

std::string Cursor::text(Names* names) {
  const std::uint64_t head = varint();
  switch (head % 4) {
    case plain:
      return std::string(take(head / 4));
    case word:
      if (head / 4 < words.size()) return std::string(words[head / 4]);
      break;
    case hexadecimal:
      return unpack(take(head / 4));
    default:
      if (const auto* name = names == nullptr ? nullptr : names->name_of(head / 4)) return *name;
      break;
  }
  fail();
  return {};
}

std::string_view Cursor::block() {
  return take(varint());
}

void Cursor::skip(Form form) {
  switch (form) {
    case Form::varint:
      varint();
      return;
    case Form::eight_bytes:
      take(8);
      return;
    case Form::text: {
      const std::uint64_t head = varint();
      if (head % 4 == plain || head % 4 == hexadecimal) take(head / 4);
      return;
    }
    case Form::block:
      block();
      return;
  }
  fail();
}

}  // namespace nurtured::store::wire
