// The seam for link rewriting: click tracking and signing replace each destination as a message is
// rendered, by the link's stable id.
#pragma once

#include <string>
#include <string_view>

namespace nurtured::content {

class Links {
 public:
  virtual ~Links() = default;
  // Called for every link and button of a message, and for nothing else (the unsubscribe and
  // preferences links of a layout are left alone). `link_id` is a button's id, or "link-1",
  // "link-2"... for the links of the body in their order, the same in every format. `url` is
  // checked: http, https, mailto, tel or tg. Returns what the message shall hold.
  virtual std::string rewrite(std::string_view link_id, std::string_view url) const = 0;
};

// Leaves every link as the author wrote it.
class PlainLinks final : public Links {
 public:
  std::string rewrite(std::string_view /*link_id*/, std::string_view url) const override {
    return std::string(url);
  }
};

}  // namespace nurtured::content
