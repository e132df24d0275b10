// Renderings a second of an 8 KB mail with ten placeholders: compiled once, rendered over and over
// on one thread, with and without the marks that escaping needs. Prints one JSON object.
#include <cstdio>
#include <ctime>
#include <string>

#include "content/liquid/template.h"
#include "rules/cel/value.h"

namespace {

using namespace nurtured;

constexpr std::size_t mail_bytes = 8 * 1024;
constexpr std::size_t placeholders = 10;

std::string mail_source() {
  const std::string sentence =
      "Three mistakes are made in every launch, and the first of them is made long before it. ";
  std::string source = "Hello {{ contact.first_name | default: 'friend' }},\n\n";
  for (std::size_t i = 1; i < placeholders; ++i) {
    while (source.size() < mail_bytes * i / placeholders) source += sentence;
    source += i % 2 == 0 ? "{{ contact.first_name }}\n\n" : "{{ event.webinar }}\n\n";
  }
  while (source.size() < mail_bytes) source += sentence;
  return source;
}

cel::Value mail_data() {
  cel::Map contact{{"id", "u1"}, {"email", "anna@example.org"}, {"first_name", "Anna"}};
  cel::Map event{{"name", "webinar.registered"}, {"webinar", "The launch, step by step"}};
  return cel::Map{{"contact", cel::Value(std::move(contact))},
                  {"event", cel::Value(std::move(event))}};
}

// Calls `render_once`, which returns the bytes it made, for about a second of processor time: what
// else runs does not count.
double per_second(auto render_once) {
  constexpr int batch = 1000;
  const std::clock_t start = std::clock();
  std::size_t count = 0;
  std::size_t bytes = 0;
  double taken = 0;
  do {
    for (int i = 0; i < batch; ++i) bytes += render_once();
    count += batch;
    taken = static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
  } while (taken < 1.0);
  return bytes == 0 ? 0 : static_cast<double>(count) / taken;
}

}  // namespace

int main() {
  const auto mail = content::liquid::compile("mail", mail_source());
  if (!mail) {
    std::fputs(base::to_string(mail.error()).c_str(), stderr);
    return 1;
  }
  const cel::Value values = mail_data();
  const content::liquid::MapData data(values);
  const double plain = per_second([&] { return content::liquid::render(*mail, data)->size(); });
  const double marked =
      per_second([&] { return content::liquid::render_marked(*mail, data)->text.size(); });
  std::printf("{\"liquid_renders_per_second\": %.0f, \"liquid_marked_per_second\": %.0f}\n", plain,
              marked);
  return 0;
}
