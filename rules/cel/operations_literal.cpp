// [a, ?b] and {a: b, ?c: d}.
#include <algorithm>
#include <utility>

#include "rules/cel/literal.h"
#include "rules/cel/operation.h"

namespace nurtured::cel {
namespace {

// What [?value] adds: the inside of an optional, or nothing. `failed` is recorded already.
struct Part {
  std::optional<Value> value;
  bool failed = false;
};

Part run_part(const Operation& operation, bool optional, Evaluation& evaluation) {
  Value own;
  const Value* value = operation.run(evaluation, own);
  if (value == nullptr) return {.value = std::nullopt, .failed = true};
  if (!optional) return {.value = take(value, own)};
  if (!value->is_optional()) {
    evaluation.fail_at(operation.span(), "? needs an optional, and this is " + a_kind(*value));
    return {.value = std::nullopt, .failed = true};
  }
  const Value* inner = value->as_optional();
  return {.value = inner == nullptr ? std::nullopt : std::optional<Value>(*inner)};
}

class MakeList final : public Operation {
 public:
  MakeList(Span span, std::vector<ListPart> parts) : Operation(span), parts_(std::move(parts)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    List items;
    items.reserve(parts_.size());
    for (const ListPart& part : parts_) {
      Part item = run_part(*part.value, part.optional, evaluation);
      if (item.failed) return nullptr;
      if (item.value) items.push_back(std::move(*item.value));
    }
    scratch = std::move(items);
    if (!evaluation.charge(scratch.weight())) return evaluation.locate(span());
    return &scratch;
  }

 private:
  std::vector<ListPart> parts_;
};

class MakeMap final : public Operation {
 public:
  MakeMap(Span span, std::vector<MapPart> parts) : Operation(span), parts_(std::move(parts)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    std::vector<Map::Entry> entries;
    entries.reserve(parts_.size());
    for (const MapPart& part : parts_) {
      Part key = run_part(*part.key, false, evaluation);
      if (key.failed) return nullptr;
      if (!Map::is_key(*key.value)) {
        return evaluation.fail_at(part.key->span(), a_kind(*key.value) + " is no key of a map");
      }
      Part value = run_part(*part.value, part.optional, evaluation);
      if (value.failed) return nullptr;
      if (value.value) entries.push_back({std::move(*key.value), std::move(*value.value)});
    }
    auto map = Map::distinct(std::move(entries));
    if (!map) return evaluation.fail_at(span(), "the map has a key twice");
    scratch = std::move(*map);
    if (!evaluation.charge(scratch.weight())) return evaluation.locate(span());
    return &scratch;
  }

 private:
  std::vector<MapPart> parts_;
};

bool is_constant(const OperationPtr& operation) {
  return operation->constant() != nullptr;
}

// The map of literal parts, made once; nullopt when it must be left to fail at evaluation.
std::optional<Map> constant_map(const std::vector<MapPart>& parts) {
  std::vector<Map::Entry> entries;
  for (const MapPart& part : parts) {
    if (part.optional || !is_constant(part.key) || !is_constant(part.value)) return std::nullopt;
    if (!Map::is_key(*part.key->constant())) return std::nullopt;
    entries.push_back({*part.key->constant(), *part.value->constant()});
  }
  return Map::distinct(std::move(entries));
}

}  // namespace

OperationPtr make_list(Span span, std::vector<ListPart> parts) {
  const bool constant = std::all_of(parts.begin(), parts.end(), [](const ListPart& part) {
    return !part.optional && is_constant(part.value);
  });
  if (!constant) return std::make_unique<MakeList>(span, std::move(parts));
  List items;
  for (const ListPart& part : parts) items.push_back(*part.value->constant());
  return make_constant(span, std::move(items));
}

OperationPtr make_map(Span span, std::vector<MapPart> parts) {
  if (auto map = constant_map(parts)) return make_constant(span, std::move(*map));
  return std::make_unique<MakeMap>(span, std::move(parts));
}

}  // namespace nurtured::cel
