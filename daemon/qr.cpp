#include "daemon/qr.h"

#include <memory>

#include <fmt/format.h>
#include <qrencode.h>

namespace nurtured::daemon {
namespace {

constexpr int quiet_zone = 4;  // dots, ISO/IEC 18004 section 9.1

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, Free>;

base::Result<Code> encode(std::string_view link) {
  // The level that still reads with 15 % of the picture spoilt, as on paper.
  Code code(QRcode_encodeString8bit(std::string(link).c_str(), 0, QR_ECLEVEL_M));
  if (!code) return base::fail(base::ErrorKind::too_large, "the link is too long for a QR code");
  return code;
}

bool is_dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[y * code.width + x] & 1U) != 0;
}

}  // namespace

base::Result<std::string> qr_text(std::string_view link) {
  const auto code = encode(link);
  if (!code) return base::fail(code.error());
  const int width = (*code)->width;
  std::string out;
  for (int y = -quiet_zone; y < width + quiet_zone; y += 2) {
    out += "\x1b[30;107m";
    for (int x = -quiet_zone; x < width + quiet_zone; ++x) {
      const bool upper = is_dark(**code, x, y);
      const bool lower = is_dark(**code, x, y + 1);
      if (upper && lower) {
        out += "█";
      } else if (upper) {
        out += "▀";
      } else {
        out += lower ? "▄" : " ";
      }
    }
    out += "\x1b[0m\n";
  }
  return out;
}

base::Result<std::string> qr_svg(std::string_view link) {
  const auto code = encode(link);
  if (!code) return base::fail(code.error());
  const int width = (*code)->width;
  const int size = width + 2 * quiet_zone;
  std::string path;
  for (int y = 0; y < width; ++y) {
    for (int x = 0; x < width; ++x) {
      if (!is_dark(**code, x, y)) continue;
      path += fmt::format("M{} {}h1v1h-1z", x + quiet_zone, y + quiet_zone);
    }
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" "
      "shape-rendering=\"crispEdges\"><rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/>"
      "<path d=\"{1}\"/></svg>\n",
      size, path);
}

}  // namespace nurtured::daemon
