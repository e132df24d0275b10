#include "rules/cel/operators.h"

#include "rules/cel/library.h"

namespace nurtured::cel {
namespace {

using Table = std::vector<OperatorOverload>;

void add_same(Table& table, Operator op, const Type& type) {
  table.push_back({.op = op, .operands = {type, type}, .result = type});
}

void add_arithmetic(Table& table) {
  for (const Operator op :
       {Operator::add, Operator::subtract, Operator::multiply, Operator::divide}) {
    add_same(table, op, Type::integer());
    add_same(table, op, Type::unsigned_integer());
    add_same(table, op, Type::decimal());
  }
  add_same(table, Operator::modulo, Type::integer());
  add_same(table, Operator::modulo, Type::unsigned_integer());
  for (const Type& type : {Type::integer(), Type::decimal()}) {
    table.push_back({.op = Operator::negate, .operands = {type}, .result = type});
  }
}

void add_mixed_arithmetic(Table& table) {
  const auto add = [&table](Operator op, const Type& left, const Type& right, const Type& result) {
    table.push_back({.op = op, .operands = {left, right}, .result = result, .mixed = true});
    table.push_back({.op = op, .operands = {right, left}, .result = result, .mixed = true});
  };
  for (const Operator op :
       {Operator::add, Operator::subtract, Operator::multiply, Operator::divide}) {
    add(op, Type::integer(), Type::decimal(), Type::decimal());
    add(op, Type::unsigned_integer(), Type::decimal(), Type::decimal());
    add(op, Type::integer(), Type::unsigned_integer(), Type::integer());
  }
  add(Operator::modulo, Type::integer(), Type::unsigned_integer(), Type::integer());
}

void add_concatenation(Table& table) {
  add_same(table, Operator::add, Type::string());
  add_same(table, Operator::add, Type::bytes());
  add_same(table, Operator::add, Type::list(type_a()));
}

void add_time(Table& table) {
  const Type moment = Type::timestamp();
  const Type duration = Type::duration();
  add_same(table, Operator::add, duration);
  add_same(table, Operator::subtract, duration);
  table.push_back({.op = Operator::add, .operands = {moment, duration}, .result = moment});
  table.push_back({.op = Operator::add, .operands = {duration, moment}, .result = moment});
  table.push_back({.op = Operator::subtract, .operands = {moment, duration}, .result = moment});
  table.push_back({.op = Operator::subtract, .operands = {moment, moment}, .result = duration});
}

void add_order(Table& table) {
  const std::vector<Type> numbers = {Type::integer(), Type::unsigned_integer(), Type::decimal()};
  for (const Operator op :
       {Operator::less, Operator::less_equal, Operator::greater_equal, Operator::greater}) {
    for (const Type& type :
         {Type::boolean(), Type::string(), Type::bytes(), Type::timestamp(), Type::duration()}) {
      table.push_back({.op = op, .operands = {type, type}, .result = Type::boolean()});
    }
    for (const Type& left : numbers) {
      for (const Type& right : numbers) {
        table.push_back({.op = op,
                         .operands = {left, right},
                         .result = Type::boolean(),
                         .mixed = !(left == right)});
      }
    }
  }
}

Table build() {
  Table table;
  add_arithmetic(table);
  add_mixed_arithmetic(table);
  add_concatenation(table);
  add_time(table);
  add_order(table);
  return table;
}

}  // namespace

const std::vector<OperatorOverload>& operator_overloads() {
  static const Table table = build();
  return table;
}

}  // namespace nurtured::cel
