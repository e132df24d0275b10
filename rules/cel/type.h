// Types as the checker knows them: finer than the kinds of values (list of what, which fields an
// object has). `dyn` stands for anything and defers the question to evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cel/value.h"

namespace nurtured::cel {

struct ObjectFields;

class Type {
 public:
  enum class Sort : std::uint8_t {
    dyn,
    simple,
    number,
    list,
    map,
    optional,
    type,
    object,
    parameter,
  };

  Type() = default;  // dyn

  static Type dyn() { return {}; }
  static Type null() { return simple(Kind::null); }
  static Type boolean() { return simple(Kind::boolean); }
  static Type integer() { return simple(Kind::integer); }
  static Type unsigned_integer() { return simple(Kind::unsigned_integer); }
  static Type decimal() { return simple(Kind::decimal); }
  static Type string() { return simple(Kind::string); }
  // An int, a uint or a double: which, only evaluation tells.
  static Type number();
  static Type bytes() { return simple(Kind::bytes); }
  static Type timestamp() { return simple(Kind::timestamp); }
  static Type duration() { return simple(Kind::duration); }
  static Type list(Type item = dyn());
  static Type map(Type key = string(), Type value = dyn());
  static Type optional(Type value = dyn());
  // The type of a type: `int` in `type(x) == int`.
  static Type type(Type of = dyn());
  // A value with named fields: `contact`, `event`. At evaluation it is a map, or fields that the
  // Scope answers.
  static Type object(ObjectFields fields);
  // A type variable in a function's signature; equal ids stand for the same type.
  static Type parameter(std::int32_t id);

  Sort sort() const { return sort_; }
  bool is_dyn() const { return sort_ == Sort::dyn; }
  bool is(Kind kind) const { return sort_ == Sort::simple && kind_ == kind; }
  // May a condition have it: bool, or dyn and therefore known only at evaluation.
  bool may_be_bool() const { return is_dyn() || is(Kind::boolean); }
  bool is_number() const {
    return sort_ == Sort::number || is(Kind::integer) || is(Kind::unsigned_integer) ||
           is(Kind::decimal);
  }
  // Of a simple type.
  Kind kind() const { return kind_; }
  // Of a list its item, of an optional its value, of a map its key and value, of a type what it is
  // the type of.
  const std::vector<Type>& parameters() const { return *parameters_; }
  const ObjectFields& fields() const { return *fields_; }
  std::int32_t parameter_id() const { return parameter_id_; }

  // As messages and `eval --type` show it: "int", "list(string)", "map(string, dyn)", "contact".
  std::string name() const;

  bool operator==(const Type& other) const;

 private:
  static Type simple(Kind kind);
  static Type with(Sort sort, std::vector<Type> parameters);

  Sort sort_ = Sort::dyn;
  Kind kind_ = Kind::null;
  std::int32_t parameter_id_ = 0;
  std::shared_ptr<const std::vector<Type>> parameters_;
  std::shared_ptr<const ObjectFields> fields_;
};

// What is known of an object. A field that is not listed is a compile error, or dyn when `open`.
struct ObjectFields {
  struct Field {
    std::string name;
    Type type;
  };

  std::string name;           // as messages call it: "contact"
  std::vector<Field> fields;  // a field's position is its slot in FieldName
  bool open = false;
};

}  // namespace nurtured::cel
