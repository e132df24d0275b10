#include "connectors/registry.h"

#include "connectors/file.h"
#include "connectors/smtp.h"
#include "connectors/telegram.h"
#include "connectors/webhook.h"

namespace nurtured::connectors {
namespace {

// One type of connector: what it says of itself, a check of its section, and the check with the
// building after it, of the connector and, where it has chats, of that side.
struct Type {
  const Descriptor& (*descriptor)();
  void (*check)(config::Section&);
  std::unique_ptr<Connector> (*make)(config::Section&, const Environment&);
  std::optional<ChatSide> (*chat)(config::Section&) = nullptr;
};

template <auto descriptor, auto read, auto make>
constexpr Type type() {
  return {descriptor, [](config::Section& section) { static_cast<void>(read(section)); },
          [](config::Section& section, const Environment& environment) {
            auto options = read(section);
            return options ? make(std::move(*options), environment) : nullptr;
          }};
}

template <auto descriptor, auto read, auto make, auto make_chat>
constexpr Type chat_type() {
  Type with_chat = type<descriptor, read, make>();
  with_chat.chat = [](config::Section& section) {
    const auto options = read(section);
    return options ? std::optional(make_chat(*options)) : std::nullopt;
  };
  return with_chat;
}

cel::Type type_of(ParameterType type) {
  switch (type) {
    case ParameterType::text:
      return cel::Type::string();
    case ParameterType::integer:
      return cel::Type::integer();
    case ParameterType::number:
      return cel::Type::number();
    case ParameterType::boolean:
      return cel::Type::boolean();
    case ParameterType::any:
      break;
  }
  return cel::Type::dyn();
}

rules::EventShape shape_of(const std::vector<Parameter>& parameters, bool open) {
  rules::EventShape shape{.open = open};
  for (const Parameter& one : parameters) {
    shape.properties.push_back({std::string(one.name), type_of(one.type)});
  }
  return shape;
}

config::ActionShape shape_of(const Action& action) {
  config::ActionShape shape{.name = std::string(action.name),
                            .takes = shape_of(action.parameters, action.takes_others),
                            .gives = shape_of(action.outputs, action.gives_others)};
  for (const Parameter& one : action.parameters) {
    if (one.required) shape.required.emplace_back(one.name);
  }
  return shape;
}

// Sorted by name.
constexpr Type types[] = {
    type<file_descriptor, read_file, make_file>(),
    type<smtp_descriptor, read_smtp, make_smtp>(),
    chat_type<telegram_descriptor, read_telegram, make_telegram, make_telegram_chat>(),
    type<webhook_descriptor, read_webhook, make_webhook>(),
};

const Type* find(std::string_view name) {
  for (const Type& candidate : types) {
    if (candidate.descriptor().type == name) return &candidate;
  }
  return nullptr;
}

}  // namespace

std::vector<const Descriptor*> descriptors() {
  std::vector<const Descriptor*> all;
  for (const Type& one : types) all.push_back(&one.descriptor());
  return all;
}

const Descriptor* find_descriptor(std::string_view name) {
  const Type* const found = find(name);
  return found == nullptr ? nullptr : &found->descriptor();
}

std::unique_ptr<Connector> make_connector(std::string_view name, config::Section& section,
                                          const Environment& environment) {
  const Type* const found = find(name);
  return found == nullptr ? nullptr : found->make(section, environment);
}

std::optional<ChatSide> make_chat_side(std::string_view name, config::Section& section) {
  const Type* const found = find(name);
  return found == nullptr || found->chat == nullptr ? std::nullopt : found->chat(section);
}

config::ConnectorTypes connector_types() {
  config::ConnectorTypes known;
  for (const Type& one : types) {
    const Descriptor& descriptor = one.descriptor();
    known.names.emplace_back(descriptor.type);
    if (descriptor.has_subject) known.with_subject.emplace_back(descriptor.type);
    const bool is_mail = descriptor.format == content::Format::email && !descriptor.is_local;
    if (is_mail) known.mail.emplace_back(descriptor.type);
    auto& actions = known.actions[std::string(descriptor.type)];
    for (const Action& action : descriptor.actions) actions.push_back(shape_of(action));
  }
  known.check = [](std::string_view name, config::Section& section) {
    if (const Type* const found = find(name)) found->check(section);
  };
  return known;
}

}  // namespace nurtured::connectors
