#include "config/send_reader.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/names.h"

namespace nurtured::config {
namespace {

// `content/checklist.md` and `mails/checklist` name the file; a message is named without its folder
// and ending.
std::string_view without_path(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);
  if (name.ends_with(".md")) name.remove_suffix(std::string_view(".md").size());
  return name;
}

void report_missing(const std::string& name, const base::Place& place, const Reading& reading) {
  if (reading.catalogue.is_former) {
    reading.problems.warning(place, "gone-message", fmt::format("the message `{}` is gone", name),
                             "people under way are still to get it");
    return;
  }
  const std::vector<std::string> names = keys_of(reading.catalogue.messages);
  const std::string bare(without_path(name));
  const bool is_there = reading.catalogue.messages.contains(bare);
  const std::string remedy =
      is_there ? fmt::format("write `{}`: a message is named without its folder and `.md`", bare)
               : did_you_mean(bare, names, fmt::format("write it to content/{}.md", bare));
  reading.problems.error(place, fmt::format("there is no message `{}`", name), remedy);
}

// `hold: {for: 14d, expires: EXPR, otherwise: [steps]}`
void read_hold(Section& hold, const StepContext& context, Gates& gates) {
  gates.send.hold = hold.span("for").value_or(gates.send.hold);
  if (auto expires = read_moment(hold, "expires", context)) {
    if (gates.send.expires) hold.error("expires", "`expires` is given twice", "keep one of them");
    gates.send.expires = std::move(expires);
  }
  gates.otherwise = hold.node("otherwise");
  hold.finish();
}

}  // namespace

Gates read_gates(Section& section, const StepContext& context) {
  Gates gates;
  Via via = read_via(section, context.reading.catalogue);
  gates.send.via = std::move(via.channels);
  gates.send.via_all = via.all;
  gates.send.expires = read_moment(section, "expires", context);
  const Node* hold = section.node("hold");
  if (hold != nullptr && hold->is_map()) {
    auto inner = section.section("hold");
    read_hold(*inner, context, gates);
  } else if (hold != nullptr) {
    gates.send.hold = section.span("hold").value_or(gates.send.hold);
  }
  return gates;
}

bool read_go_on_while_held(Section& section) {
  return section.choice("while_held", {"wait", "go_on"}).value_or("wait") == "go_on";
}

void check_message(const std::string& name, const base::Place& place, const rules::Send& send,
                   const StepContext& context) {
  const Reading& reading = context.reading;
  const auto found = reading.catalogue.messages.find(name);
  if (found == reading.catalogue.messages.end()) {
    report_missing(name, place, reading);
    return;
  }
  if (reading.catalogue.is_former) return;
  const auto& via = !send.via.empty()      ? send.via
                    : !context.via.empty() ? context.via
                                           : reading.catalogue.default_via;
  if (via.empty() && reading.catalogue.knows_channels) {
    reading.problems.error(place, fmt::format("`{}` has no channel to go by", name),
                           "list `channels` in nurtured.yaml");
  }
  const MessageFacts& facts = found->second;
  if (facts.kind == rules::Kind::reminder && !facts.has_expires && !send.expires) {
    reading.problems.error(
        place, fmt::format("the reminder `{}` needs `expires`", name),
        "say when it is too late, here or in the message: expires: event.starts");
  }
  reading.uses.messages.push_back({name, via, place, context.scene});
}

std::optional<rules::Expression> read_moment(Section& section, std::string_view key,
                                             const StepContext& context) {
  const Node* node = section.node(key);
  if (node == nullptr) return std::nullopt;
  return read_expression(*node, Wanted::moment, context.scene, context.reading);
}

}  // namespace nurtured::config
