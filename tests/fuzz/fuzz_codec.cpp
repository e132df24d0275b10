// The store's decoders on any bytes: the first byte picks one. What decodes must encode, and then
// decode to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/codec.h"

using namespace nurtured;
using namespace nurtured::store;

namespace {

template <class T, class Decode>
void expect_stable(const T& decoded, const Decode& decode) {
  std::string once;
  if (!encode(decoded, once)) std::abort();
  const auto again = decode(once);
  std::string twice;
  if (!again || !encode(*again, twice) || twice != once) std::abort();
}

template <class Decode>
void run(std::string_view data, const Decode& decode) {
  if (const auto decoded = decode(data)) expect_stable(*decoded, decode);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view data(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const Instant at = base::from_millis(1'700'000'000'000);
  switch (bytes[0] % 9) {
    case 0:
      run(data, [](std::string_view text) { return decode_contact(ContactId{1}, text); });
      break;
    case 1:
      run(data, [](std::string_view text) { return decode_address({"email", "a@b"}, text); });
      break;
    case 2:
      run(data, [at](std::string_view text) { return decode_delivery(ContactId{1}, at, text); });
      break;
    case 3:
      run(data, [at](std::string_view text) { return decode_notification(at, text); });
      break;
    case 4:
      run(data, [](std::string_view text) { return decode_value(text); });
      break;
    case 5:
      run(data, [](std::string_view text) { return decode_files(text); });
      break;
    case 6:
      static_cast<void>(decode_events(at, data));
      break;
    case 7:
      run(data, [](std::string_view text) { return decode_set_aside(text); });
      break;
    default:
      static_cast<void>(decode_decisions(at, data));
      break;
  }
  return 0;
}
