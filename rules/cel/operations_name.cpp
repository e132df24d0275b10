// Literals, variables, fields and indices.
#include <cmath>
#include <utility>

#include "base/encoding.h"
#include "rules/cel/literal.h"
#include "rules/cel/operation.h"

namespace nurtured::cel {
namespace {

constexpr std::size_t shown_bytes_max = 60;
constexpr double two_to_53 = 9007199254740992.0;

class Constant final : public Operation {
 public:
  Constant(Span span, Value value) : Operation(span), value_(std::move(value)) {}
  const Value* run(Evaluation& /*unused*/, Value& /*unused*/) const override { return &value_; }
  const Value* constant() const override { return &value_; }

 private:
  Value value_;
};

class Local final : public Operation {
 public:
  Local(Span span, std::size_t slot) : Operation(span), slot_(slot) {}
  const Value* run(Evaluation& evaluation, Value& /*unused*/) const override {
    return &evaluation.local(slot_);
  }

 private:
  std::size_t slot_;
};

class WholeVariable final : public Operation {
 public:
  WholeVariable(Span span, std::size_t index, std::string name)
      : Operation(span), index_(index), name_(std::move(name)) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    std::optional<Value> value = evaluation.scope().variable(index_);
    if (!value) {
      return evaluation.fail_at(span(), name_ + " has no value", base::ErrorKind::not_found);
    }
    scratch = std::move(*value);
    return &scratch;
  }

 private:
  std::size_t index_;
  std::string name_;
};

class Failing final : public Operation {
 public:
  Failing(Span span, std::string message, base::ErrorKind kind)
      : Operation(span), message_(std::move(message)), kind_(kind) {}
  const Value* run(Evaluation& evaluation, Value& /*unused*/) const override {
    return evaluation.fail_at(span(), message_, kind_);
  }

 private:
  std::string message_;
  base::ErrorKind kind_;
};

class FieldOfObject final : public Operation {
 public:
  FieldOfObject(Span span, ObjectField field, Access access, Missing missing)
      : Operation(span), field_(std::move(field)), access_(access), missing_(missing) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    const Value* value = evaluation.scope().field(
        field_.variable, {.name = field_.field, .slot = field_.slot}, scratch);
    if (access_ == Access::read && value != nullptr) return value;
    if (access_ == Access::presence) {
      scratch = value != nullptr;
    } else if (access_ == Access::optional) {
      scratch = value != nullptr ? Value::optional_of(*value) : Value::optional_none();
    } else if (missing_ == Missing::is_null) {
      scratch = nullptr;
    } else {
      return evaluation.fail_at(span(), field_.variable_name + "." + field_.field + " is missing",
                                base::ErrorKind::not_found);
    }
    return &scratch;
  }

 private:
  ObjectField field_;
  Access access_;
  Missing missing_;
};

// How a part of a value was found: it, nothing, or a failure that is recorded already.
struct Found {
  const Value* value = nullptr;
  bool failed = false;
};

// Turns what was found in `operand` into what `access` asks for. Where the operand is the caller's
// own value, which goes when the caller returns, the part is copied out of it.
const Value* answer(Found found, Access access, const Value* own, const Value* operand,
                    Value& scratch) {
  if (access == Access::presence) {
    scratch = found.value != nullptr;
  } else if (access == Access::optional) {
    scratch = found.value != nullptr ? Value::optional_of(*found.value) : Value::optional_none();
  } else if (operand != own) {
    return found.value;
  } else {
    scratch = Value(*found.value);
  }
  return &scratch;
}

class SelectField final : public Operation {
 public:
  SelectField(Span span, OperationPtr operand, std::string field, Access access, Missing missing)
      : Operation(span),
        operand_(std::move(operand)),
        field_(std::move(field)),
        access_(access),
        missing_(missing) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* operand = operand_->run(evaluation, own);
    if (operand == nullptr) return nullptr;
    if (operand->is_null() && missing_ == Missing::is_null) return nothing(scratch);
    Access access = access_;
    const Value* whole = operand;
    if (operand->is_optional()) {  // a field of an optional is optional
      whole = operand->as_optional();
      if (access == Access::read) access = Access::optional;
      if (whole == nullptr) return answer({}, access, nullptr, nullptr, scratch);
    }
    if (!whole->is_map()) {
      return evaluation.fail_at(span(), a_kind(*whole) + " has no field " + field_);
    }
    const Value* found = whole->as_map().find(field_);
    if (found == nullptr && access == Access::read) {
      if (missing_ == Missing::is_null) return nothing(scratch);
      return evaluation.fail_at(span(), "there is no field " + field_, base::ErrorKind::not_found);
    }
    return answer({.value = found}, access, &own, operand, scratch);
  }

 private:
  const Value* nothing(Value& scratch) const {
    if (access_ == Access::presence) {
      scratch = false;
    } else if (access_ == Access::optional) {
      scratch = Value::optional_none();
    } else {
      scratch = nullptr;
    }
    return &scratch;
  }

  OperationPtr operand_;
  std::string field_;
  Access access_;
  Missing missing_;
};

// The position that a number names; nullopt for one that is not whole or not a number at all.
std::optional<std::int64_t> list_position(const Value& index) {
  if (index.is_int()) return index.as_int();
  if (index.is_uint()) {
    return index.as_uint() > static_cast<std::uint64_t>(two_to_53)
               ? std::optional<std::int64_t>()
               : static_cast<std::int64_t>(index.as_uint());
  }
  if (!index.is_double()) return std::nullopt;
  const double value = index.as_double();
  if (std::trunc(value) != value || std::fabs(value) > two_to_53) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

class IndexInto final : public Operation {
 public:
  IndexInto(Span span, OperationPtr operand, OperationPtr index, bool optional, Missing missing)
      : Operation(span),
        operand_(std::move(operand)),
        index_(std::move(index)),
        access_(optional ? Access::optional : Access::read),
        missing_(missing) {}

  const Value* run(Evaluation& evaluation, Value& scratch) const override {
    Value own;
    const Value* operand = operand_->run(evaluation, own);
    if (operand == nullptr) return nullptr;
    Value own_index;
    const Value* index = index_->run(evaluation, own_index);
    if (index == nullptr) return nullptr;
    Access access = access_;
    const Value* whole = operand;
    if (operand->is_optional()) {
      whole = operand->as_optional();
      access = Access::optional;
      if (whole == nullptr) return answer({}, access, nullptr, nullptr, scratch);
    }
    const Found found = find(evaluation, *whole, *index, access);
    if (found.failed) return nullptr;
    if (found.value == nullptr && access == Access::read) {
      scratch = nullptr;
      return &scratch;
    }
    return answer(found, access, &own, operand, scratch);
  }

 private:
  Found failed(Evaluation& evaluation, std::string message,
               base::ErrorKind kind = base::ErrorKind::invalid) const {
    evaluation.fail_at(span(), std::move(message), kind);
    return {.value = nullptr, .failed = true};
  }

  // Nothing is a failure for Access::read, unless it counts as null.
  Found find(Evaluation& evaluation, const Value& whole, const Value& index, Access access) const {
    if (whole.is_list()) return find_item(evaluation, whole.as_list(), index, access);
    if (whole.is_map()) return find_entry(evaluation, whole.as_map(), index, access);
    if (whole.is_null() && missing_ == Missing::is_null) return {};
    return failed(evaluation, a_kind(whole) + " cannot be indexed");
  }

  Found find_item(Evaluation& evaluation, const List& items, const Value& index,
                  Access access) const {
    if (!index.is_number()) {
      return failed(evaluation, "a list is indexed by an int, not by " + a_kind(index));
    }
    const auto at = list_position(index);
    if (at && *at >= 0 && static_cast<std::uint64_t>(*at) < items.size()) {
      return {.value = &items[static_cast<std::size_t>(*at)]};
    }
    if (access == Access::optional) return {};
    return failed(evaluation,
                  "the index " + to_literal(index) + " is out of range: the list has " +
                      std::to_string(items.size()) + " items",
                  base::ErrorKind::not_found);
  }

  Found find_entry(Evaluation& evaluation, const Map& entries, const Value& key,
                   Access access) const {
    if (!Map::is_key(key) && !key.is_double()) {
      return failed(evaluation, a_kind(key) + " is no key of a map");
    }
    const Value* found = entries.find(key);
    if (found != nullptr) return {.value = found};
    if (access == Access::optional || missing_ == Missing::is_null) return {};
    const std::string shown(base::cut_utf8(to_literal(key), shown_bytes_max));
    return failed(evaluation, "there is no key " + shown, base::ErrorKind::not_found);
  }

  OperationPtr operand_;
  OperationPtr index_;
  Access access_;
  Missing missing_;
};

}  // namespace

OperationPtr make_constant(Span span, Value value) {
  return std::make_unique<Constant>(span, std::move(value));
}

OperationPtr make_local(Span span, std::size_t slot) {
  return std::make_unique<Local>(span, slot);
}

OperationPtr make_variable(Span span, std::size_t index, std::string name) {
  return std::make_unique<WholeVariable>(span, index, std::move(name));
}

OperationPtr make_failure(Span span, std::string message, base::ErrorKind kind) {
  return std::make_unique<Failing>(span, std::move(message), kind);
}

OperationPtr make_object_field(Span span, ObjectField field, Access access, Missing missing) {
  return std::make_unique<FieldOfObject>(span, std::move(field), access, missing);
}

OperationPtr make_select(Span span, OperationPtr operand, std::string field, Access access,
                         Missing missing) {
  return std::make_unique<SelectField>(span, std::move(operand), std::move(field), access, missing);
}

OperationPtr make_index(Span span, OperationPtr operand, OperationPtr index, bool optional,
                        Missing missing) {
  return std::make_unique<IndexInto>(span, std::move(operand), std::move(index), optional, missing);
}

}  // namespace nurtured::cel
