// Decides whether types fit, and what the type variables of signatures and empty literals then
// stand for. Internal to rules/cel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rules/cel/type.h"

namespace nurtured::cel {

class Unifier {
 public:
  // A type variable that nothing is known of yet.
  Type fresh();
  // Moves the variables of a signature out of the way of all others; `base` comes from reserve().
  static Type instantiate(const Type& type, std::int32_t base);
  std::int32_t reserve(std::size_t variables);

  // Whether a value of type `from` may stand where `to` is asked; dyn fits everywhere. Binds
  // variables on the way, also when it fails: take a mark first.
  bool assign(const Type& to, const Type& from);
  // What holds both: the common type, or dyn.
  Type join(const Type& left, const Type& right);

  struct Mark {
    std::size_t bindings = 0;
    std::size_t variables = 0;
  };
  Mark mark() const { return {.bindings = trail_.size(), .variables = bound_.size()}; }
  // Forgets every binding and variable made since; no type made since may be used any more.
  void roll_back(Mark mark);

  // The type with what its variables stand for; `final` makes unknown ones dyn.
  Type resolve(const Type& type, bool final = false) const;
  // Only the outermost level resolved.
  Type shallow(const Type& type) const;

 private:
  bool assign_parameters(const Type& to, const Type& from);
  void bind(std::int32_t variable, const Type& type);
  bool mentions(const Type& type, std::int32_t variable) const;

  std::vector<std::optional<Type>> bound_;
  std::vector<std::int32_t> trail_;  // variables in the order in which they were bound
};

}  // namespace nurtured::cel
