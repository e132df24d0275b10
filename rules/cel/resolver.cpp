#include "rules/cel/resolver.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "rules/cel/library.h"
#include "rules/cel/near_miss.h"

namespace nurtured::cel {
namespace {

constexpr std::array<std::string_view, 7> macro_names = {"all", "exists", "exists_one",   "filter",
                                                         "has", "map",    "transformList"};

// "a.b.c" of a chain of plain selections; empty when it is none. `root` becomes the identifier that
// it starts from.
std::string qualified_name(const Expression& expression, const Identifier*& root) {
  if (const auto* identifier = std::get_if<Identifier>(&expression.node)) {
    root = identifier;
    return identifier->name;
  }
  const auto* select = std::get_if<Select>(&expression.node);
  if (select == nullptr || select->optional || select->test_only) return {};
  std::string name = qualified_name(*select->operand, root);
  if (!name.empty()) name += "." + select->field;
  return name;
}

std::optional<Kind> find_type(std::string_view name) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Kind::optional); ++i) {
    if (type_name(static_cast<Kind>(i)) == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

// What other languages, and YAML, call true, false and null.
std::string_view literal_meant(std::string_view name) {
  struct Word {
    std::string_view theirs;
    std::string_view ours;
  };
  static constexpr std::array<Word, 13> words = {{{"yes", "true"},
                                                  {"Yes", "true"},
                                                  {"on", "true"},
                                                  {"True", "true"},
                                                  {"TRUE", "true"},
                                                  {"no", "false"},
                                                  {"No", "false"},
                                                  {"off", "false"},
                                                  {"False", "false"},
                                                  {"FALSE", "false"},
                                                  {"nil", "null"},
                                                  {"None", "null"},
                                                  {"undefined", "null"}}};
  const auto* found = std::find_if(words.begin(), words.end(),
                                   [&](const Word& word) { return word.theirs == name; });
  return found == words.end() ? std::string_view() : found->ours;
}

class Resolver {
 public:
  Resolver(std::string_view source, const Environment& environment)
      : source_(source), environment_(environment) {}

  base::Result<std::size_t> run(Expression& expression) {
    if (!resolve(expression)) return base::fail(std::move(error_));
    return slots_;
  }

 private:
  bool fail(Span span, std::string message, std::string remedy = {}) {
    error_ = {.message = std::move(message),
              .remedy = std::move(remedy),
              .place = place_of(source_, span)};
    return false;
  }

  bool checked() const { return environment_.options().checked; }

  // What a name may stand for, the innermost namespace first.
  std::vector<std::string> candidates(const std::string& name, bool rooted) const {
    std::vector<std::string> found;
    std::string container = rooted ? std::string() : environment_.options().container;
    while (!container.empty()) {
      found.push_back(container + "." + name);
      const std::size_t dot = container.rfind('.');
      container.resize(dot == std::string::npos ? 0 : dot);
    }
    found.push_back(name);
    return found;
  }

  std::optional<std::size_t> find_local(std::string_view name) const {
    for (std::size_t slot = locals_.size(); slot-- > 0;) {
      if (locals_[slot] == name) return slot;
    }
    return std::nullopt;
  }

  // A declared variable or a type.
  std::optional<Node> find_global(const std::string& name, bool rooted) const {
    const auto& variables = environment_.variables();
    for (const std::string& candidate : candidates(name, rooted)) {
      const auto found = std::find_if(
          variables.begin(), variables.end(),
          [&candidate](const Variable& variable) { return variable.name == candidate; });
      if (found != variables.end()) {
        return VariableName{static_cast<std::size_t>(found - variables.begin())};
      }
      if (const auto kind = find_type(candidate)) return TypeName{*kind};
    }
    return std::nullopt;
  }

  std::string nearest_name(std::string_view name) const {
    std::vector<std::string> known(locals_);
    for (const Variable& variable : environment_.variables()) known.push_back(variable.name);
    return did_you_mean(near_miss(name, known));
  }

  static std::string did_you_mean(const std::string& name) {
    return name.empty() ? std::string() : "did you mean " + name + "?";
  }

  bool resolve(const ExpressionPtr& expression) {
    return expression == nullptr || resolve(*expression);
  }

  bool resolve(Expression& expression) {
    return std::visit([this, &expression](auto& node) { return resolve_node(expression, node); },
                      expression.node);
  }

  bool resolve_node(Expression& /*unused*/, Literal& /*unused*/) { return true; }
  bool resolve_node(Expression& /*unused*/, LocalName& /*unused*/) { return true; }
  bool resolve_node(Expression& /*unused*/, VariableName& /*unused*/) { return true; }
  bool resolve_node(Expression& /*unused*/, TypeName& /*unused*/) { return true; }
  bool resolve_node(Expression& /*unused*/, UnknownName& /*unused*/) { return true; }

  bool resolve_node(Expression& expression, Identifier& identifier) {
    const std::string name = identifier.name;
    if (const auto slot = identifier.rooted ? std::nullopt : find_local(name)) {
      expression.node = LocalName{.name = name, .slot = *slot};
      return true;
    }
    if (auto global = find_global(name, identifier.rooted)) {
      expression.node = std::move(*global);
      return true;
    }
    if (checked()) {
      const std::string_view literal = literal_meant(name);
      return fail(expression.span, "unknown name " + name,
                  literal.empty() ? nearest_name(name) : "write " + std::string(literal));
    }
    expression.node = UnknownName{name};
    return true;
  }

  bool resolve_node(Expression& expression, Select& select) {
    if (!select.test_only && resolve_qualified(expression)) return true;
    return resolve(select.operand);
  }

  bool resolve_node(Expression& /*unused*/, Index& index) {
    return resolve(index.operand) && resolve(index.index);
  }

  // Makes a whole chain of selections one name when it is that of a variable or type; the longest
  // comes first because the outermost selection is asked first.
  bool resolve_qualified(Expression& expression) const {
    const Identifier* root = nullptr;
    const std::string name = qualified_name(expression, root);
    if (name.empty() || (!root->rooted && find_local(root->name))) return false;
    auto global = find_global(name, root->rooted);
    if (!global) return false;
    expression.node = std::move(*global);
    return true;
  }

  bool find_functions(Call& call, const std::string& name, bool rooted) const {
    for (const std::string& candidate : candidates(name, rooted)) {
      const auto& overloads = environment_.overloads();
      for (std::size_t i = 0; i < overloads.size(); ++i) {
        if (overloads[i].function == candidate) call.declared.push_back(i);
      }
      call.library = find_library_functions(candidate, false);
      if (!call.declared.empty() || !call.library.empty()) {
        call.function = candidate;
        return true;
      }
    }
    return false;
  }

  // target.function(…) where the target is only the front of a qualified name: math.abs(…).
  bool resolve_namespaced(Call& call) const {
    const Identifier* root = nullptr;
    const std::string space = qualified_name(*call.target, root);
    if (space.empty() || (!root->rooted && find_local(root->name))) return false;
    if (!find_functions(call, space + "." + call.function, root->rooted)) return false;
    call.target.reset();
    return true;
  }

  bool resolve_node(Expression& expression, Call& call) {
    if (call.target == nullptr) {
      find_functions(call, call.function, call.rooted);
    } else if (!resolve_namespaced(call)) {
      call.library = find_library_functions(call.function, true);
    }
    if (checked() && call.library.empty() && call.declared.empty()) {
      return unknown_function(expression.span, call);
    }
    if (!resolve(call.target)) return false;
    for (const ExpressionPtr& argument : call.arguments) {
      if (!resolve(argument)) return false;
    }
    return true;
  }

  // What other languages call it.
  static std::string name_elsewhere(std::string_view function) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> names = {
        {{"length", "size()"},
         {"len", "size()"},
         {"count", "size()"},
         {"includes", "contains(), or `x in list`"},
         {"toLowerCase", "lowerAscii()"},
         {"lower", "lowerAscii()"},
         {"toUpperCase", "upperAscii()"},
         {"upper", "upperAscii()"},
         {"today", "now"},
         {"date", "timestamp(\"2026-03-01T00:00:00Z\")"},
         {"days", "duration(\"48h\")"}}};
    const auto* const found =
        std::ranges::find(names, function, [](const auto& its) { return its.first; });
    return found == names.end() ? std::string() : "write " + std::string(found->second);
  }

  bool unknown_function(Span span, const Call& call) {
    std::vector<std::string> known = library_names(call.target != nullptr);
    known.insert(known.end(), macro_names.begin(), macro_names.end());
    if (call.target == nullptr) {
      for (const Overload& overload : environment_.overloads()) known.push_back(overload.function);
    }
    if (std::find(known.begin(), known.end(), call.function) != known.end()) {
      return fail(span, call.function + "() does not take " +
                            std::to_string(call.arguments.size()) + " arguments");
    }
    const std::string near = near_miss(call.function, known);
    return fail(span, "unknown function " + call.function + "()",
                near.empty() ? name_elsewhere(call.function) : did_you_mean(near));
  }

  bool resolve_node(Expression& /*unused*/, Unary& unary) { return resolve(unary.operand); }

  bool resolve_node(Expression& /*unused*/, Binary& binary) {
    return resolve(binary.left) && resolve(binary.right);
  }

  bool resolve_node(Expression& /*unused*/, Logical& logical) {
    return std::all_of(logical.operands.begin(), logical.operands.end(),
                       [this](const ExpressionPtr& operand) { return resolve(operand); });
  }

  bool resolve_node(Expression& /*unused*/, Conditional& conditional) {
    return resolve(conditional.condition) && resolve(conditional.then) &&
           resolve(conditional.otherwise);
  }

  bool resolve_node(Expression& /*unused*/, ListLiteral& list) {
    return std::all_of(list.items.begin(), list.items.end(),
                       [this](const ListLiteral::Item& item) { return resolve(item.value); });
  }

  bool resolve_node(Expression& /*unused*/, MapLiteral& map) {
    return std::all_of(map.entries.begin(), map.entries.end(),
                       [this](const MapLiteral::Entry& entry) {
                         return resolve(entry.key) && resolve(entry.value);
                       });
  }

  std::size_t open_scope(const std::vector<std::string>& names) {
    const std::size_t slot = locals_.size();
    locals_.insert(locals_.end(), names.begin(), names.end());
    slots_ = std::max(slots_, locals_.size());
    return slot;
  }

  void close_scope(std::size_t slot) { locals_.resize(slot); }

  bool resolve_node(Expression& /*unused*/, Comprehension& comprehension) {
    if (!resolve(comprehension.range)) return false;
    comprehension.slot = open_scope(comprehension.variables);
    const bool resolved = resolve(comprehension.filter) && resolve(comprehension.body);
    close_scope(comprehension.slot);
    return resolved;
  }

  bool resolve_node(Expression& /*unused*/, Bind& bind) {
    if (!resolve(bind.value)) return false;
    bind.slot = open_scope({bind.variable});
    const bool resolved = resolve(bind.body);
    close_scope(bind.slot);
    return resolved;
  }

  bool resolve_node(Expression& /*unused*/, OptionalMap& map) {
    if (!resolve(map.operand)) return false;
    map.slot = open_scope({map.variable});
    const bool resolved = resolve(map.body);
    close_scope(map.slot);
    return resolved;
  }

  std::string_view source_;
  const Environment& environment_;
  std::vector<std::string> locals_;  // by slot
  std::size_t slots_ = 0;
  base::Error error_;
};

}  // namespace

base::Result<std::size_t> resolve(Expression& expression, std::string_view source,
                                  const Environment& environment) {
  return Resolver(source, environment).run(expression);
}

}  // namespace nurtured::cel
