// Hostile text as a template, as a value in a message and as a line of the render filter. The first
// byte says which. Whatever comes in, a value must not change the tags of an e-mail.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "content/liquid/render_line.h"
#include "content/message.h"
#include "rules/cel/value.h"

namespace {

using namespace nurtured;
using namespace nurtured::content;

constexpr liquid::Limits limits{.source_bytes_max = 1 << 16,
                                .steps_max = 20'000,
                                .output_bytes_max = 1 << 16,
                                .string_bytes_max = 1 << 16};

cel::Value data_with(std::string_view value) {
  cel::Map contact{{"first_name", value}, {"tags", cel::List{"a", 2, 1.5, nullptr, value}}};
  return cel::Map{{"contact", cel::Value(std::move(contact))}, {"x", 7}};
}

void render_template(std::string_view source) {
  const auto compiled = liquid::compile("t", source, {.limits = limits});
  if (!compiled) return;
  liquid::Partials partials;
  partials.add("p", source, {.limits = limits});
  const cel::Value data = data_with("Anna");
  const auto marked = liquid::render_marked(
      *compiled, liquid::MapData(data), {.limits = limits, .partials = &partials, .zone = "UTC"});
  if (!marked) return;
  std::size_t at = 0;
  for (const liquid::Span& span : marked->spans) {
    if (span.begin < at || span.begin + span.length > marked->text.size()) std::abort();
    at = span.begin + span.length;
  }
}

Message make_message(std::string_view body) {
  MessageSource source{.name = "m"};
  source.wording = {.subject = "{{ contact.first_name }}",
                    .body = std::string(body),
                    .buttons = {{"b", "{{ contact.first_name }}",
                                 "https://example.org/{{ contact.first_name }}"}}};
  static const auto library = std::make_shared<const Library>();
  auto message = compile(source, library, {.limits = limits});
  if (!message) std::abort();
  return std::move(*message);
}

// The author's tags, line breaks aside.
std::size_t count_tags(std::string_view html) {
  std::size_t count = 0;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    if (!html.substr(at).starts_with("<br>")) ++count;
  }
  return count;
}

void render_value(std::string_view value) {
  static const Message message = make_message(
      "# {{ contact.first_name }}\n\na {{ contact.first_name }} [b {{ contact.first_name }}]"
      "(https://e.org/?q={{ contact.first_name }})\n\n`c {{ contact.first_name }}`\n\n"
      "<div title=\"{{ contact.first_name }}\">{{ contact.first_name }}</div>\n");
  static const cel::Value plain = data_with("v");
  static const std::size_t tags =
      count_tags(render(message, Format::email, {.variables = &plain}, PlainLinks())->html);
  const cel::Value data = data_with("v" + std::string(value));
  const auto email = render(message, Format::email, {.variables = &data}, PlainLinks());
  if (!email) return;
  if (count_tags(email->html) != tags) std::abort();
  if (email->subject.find_first_of("\r\n") != std::string::npos) std::abort();
  static_cast<void>(render(message, Format::telegram, {.variables = &data}, PlainLinks()));
}

void render_body(std::string_view body) {
  MessageSource source{.name = "m"};
  source.wording.body = body;
  static const auto library = std::make_shared<const Library>();
  const auto message = compile(source, library, {.limits = limits});
  if (!message) return;
  const cel::Value data = data_with("Anna");
  for (const Format format : {Format::email, Format::telegram, Format::plain}) {
    static_cast<void>(render(*message, format, {.variables = &data}, PlainLinks()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0] % 4) {
    case 0:
      render_template(text);
      break;
    case 1:
      if (base::is_utf8(text)) render_value(text);
      break;
    case 2:
      render_body(text);
      break;
    default: {
      const std::string answer = liquid::render_line(text);
      if (!answer.starts_with("{\"output\":") && !answer.starts_with("{\"error\":")) std::abort();
    }
  }
  return 0;
}
