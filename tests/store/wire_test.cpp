#include "store/wire.h"

#include <limits>

#include "tests/catch.h"

using namespace nurtured::store::wire;

TEST_CASE("numbers of every length come back") {
  const std::uint64_t bits =
      GENERATE(0U, 1U, 0x7fU, 0x80U, 0x3fffU, 0x4000U, 0xffffffffULL, std::uint64_t{1} << 63U,
               std::numeric_limits<std::uint64_t>::max());
  std::string bytes;
  Writer out(bytes);
  out.varint(bits);
  out.zigzag(static_cast<std::int64_t>(bits));
  Cursor in(bytes);
  CHECK(in.varint() == bits);
  CHECK(in.zigzag() == static_cast<std::int64_t>(bits));
  CHECK(in.at_end());
  CHECK_FALSE(in.failed());
}

TEST_CASE("texts take the shortest form that fits") {
  const auto [text, size] = GENERATE(table<std::string, std::size_t>({
      {"", 1},
      {"email", 1},
      {"double-opt-in", 2},
      {"Email", 6},
      {"0123456789abcdef", 9},
      {"0123456789abcde", 16},
      {"0123456789ABCDEF", 17},
      {std::string(64, 'f'), 34},
      {std::string("\0\xff", 2), 3},
  }));
  std::string bytes;
  Writer(bytes).text(text);
  CHECK(bytes.size() == size);
  Cursor in(bytes);
  CHECK(in.text(nullptr) == text);
  CHECK(in.at_end());
  Cursor skipped(bytes);
  skipped.skip(Form::text);
  CHECK(skipped.at_end());
  CHECK_FALSE(skipped.failed());
}

TEST_CASE("blocks of any length have it in front") {
  const std::size_t length = GENERATE(0U, 1U, 127U, 128U, 20'000U);
  std::string bytes = "before";
  Writer out(bytes);
  const std::size_t start = out.open_block();
  for (std::size_t i = 0; i < length; ++i) out.byte(7);
  out.close_block(start);
  Cursor in(std::string_view(bytes).substr(6));
  CHECK(in.block() == std::string(length, '\x07'));
  CHECK(in.at_end());
}
