// What one evaluation of a typical condition costs: nanoseconds and heap allocations. With --json
// one object, {source: nanoseconds}.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <string_view>

#include "rules/cel/json.h"
#include "rules/cel/program.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*unused*/) noexcept {
  std::free(memory);
}

namespace {

using namespace nurtured;
using cel::Type;
using cel::Value;

constexpr int evaluations = 2'000'000;

// A contact and an event as the engine holds them: fields by slot, no map built.
class BenchScope final : public cel::Scope {
 public:
  std::optional<Value> variable(std::size_t /*unused*/) const override { return std::nullopt; }

  const Value* field(std::size_t variable, cel::FieldName field, Value& /*unused*/) const override {
    if (variable == 0 && field.slot < contact_.size()) return &contact_[field.slot];
    if (variable == 1 && field.slot == 0) return &event_;
    return nullptr;
  }

  base::Result<Value> call(std::size_t /*unused*/,
                           std::span<const Value> /*unused*/) const override {
    return false;
  }

 private:
  std::vector<Value> contact_ = {57, "anna@example.org", cel::List{"warm", "vip", "customer"}, 0.5};
  Value event_ = "launch";
};

cel::Environment make_environment() {
  cel::Environment environment({.missing_is_null = true, .mixed_numbers = true});
  cel::ObjectFields contact{.name = "contact", .fields = {}};
  contact.fields.push_back({.name = "score", .type = Type::integer()});
  contact.fields.push_back({.name = "email", .type = Type::string()});
  contact.fields.push_back({.name = "tags", .type = Type::list(Type::string())});
  contact.fields.push_back({.name = "rate", .type = Type::decimal()});
  contact.fields.push_back({.name = "nickname", .type = Type::string()});
  cel::ObjectFields event{.name = "event", .fields = {}};
  event.fields.push_back({.name = "checklist", .type = Type::string()});
  environment.add_variable("contact", Type::object(contact));
  environment.add_variable("event", Type::object(event));
  environment.add_function("did", {Type::string(), Type::string()}, Type::boolean());
  return environment;
}

bool measure(const char* source, bool is_json, bool is_first) {
  const cel::Environment environment = make_environment();
  const auto program = cel::compile(source, environment);
  if (!program) {
    std::fprintf(stderr, "%s: %s\n", source, base::to_string(program.error()).c_str());
    return false;
  }
  const BenchScope scope;
  std::uint64_t yes = 0;
  const std::uint64_t before = allocations.load();
  const std::clock_t start = std::clock();  // processor time: what else runs does not count
  for (int i = 0; i < evaluations; ++i) {
    const auto answer = program->evaluate(scope);
    if (answer && answer->is_bool() && answer->as_bool()) ++yes;
  }
  const double nanoseconds =
      static_cast<double>(std::clock() - start) * 1e9 / static_cast<double>(CLOCKS_PER_SEC);
  const std::uint64_t made = allocations.load() - before;
  if (is_json) {
    std::printf("%s%s: %.1f", is_first ? "{" : ", ", cel::to_json(Value(source)).c_str(),
                nanoseconds / evaluations);
    return true;
  }
  std::printf("%8.1f ns %6.2f allocations  %s  (%s)\n", nanoseconds / evaluations,
              static_cast<double>(made) / evaluations, source, yes > 0 ? "true" : "false");
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_json = count == 2 && std::string_view(arguments[1]) == "--json";
  bool measured = true;
  bool is_first = true;
  for (const char* source : {
           "contact.score >= 50",
           "event.checklist == \"launch\"",
           "contact.nickname == null",
           "contact.score >= 50 && !did('order.paid', '30d')",
           "'customer' in contact.tags",
           "event.checklist in ['launch', 'retention']",
           "contact.rate * 2 > 1 && contact.score + 1 < 100",
           "contact.email.endsWith('@example.org')",
           "contact.email.matches('^[a-z]+@example[.]org$')",
           "contact.tags.exists(t, t.startsWith('cust'))",
       }) {
    measured = measure(source, is_json, is_first) && measured;
    is_first = false;
  }
  if (is_json) std::puts("}");
  return measured ? EXIT_SUCCESS : EXIT_FAILURE;
}
