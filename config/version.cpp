#include "config/version.h"

#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "config/literal.h"

namespace nurtured::config {
namespace {

constexpr std::size_t digits = 16;

// Each text with its length before it, so that no two trees have one form.
void put_text(char mark, std::string_view text, std::string& out) {
  out += mark;
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void put(const Node& node, std::string& out) {
  switch (node.kind) {
    case Node::Kind::null:
      out += 'n';
      return;
    case Node::Kind::scalar:
      // Quotes matter only where they make a text of what would be a number or a bool.
      put_text(literal(node).is_string() ? 't' : 'v', node.text, out);
      return;
    case Node::Kind::list:
      out += '[';
      for (const Node& item : node.items) put(item, out);
      out += ']';
      return;
    case Node::Kind::map:
      break;
  }
  std::vector<const Entry*> entries;
  entries.reserve(node.entries.size());
  for (const Entry& entry : node.entries) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const Entry* a, const Entry* b) { return a->key < b->key; });
  out += '{';
  for (const Entry* entry : entries) {
    put_text('k', entry->key, out);
    put(entry->value, out);
  }
  out += '}';
}

}  // namespace

std::string version_of(const Node& root) {
  std::string canonical;
  put(root, canonical);
  return base::to_hex(base::view(base::sha256(canonical))).substr(0, digits);
}

}  // namespace nurtured::config
