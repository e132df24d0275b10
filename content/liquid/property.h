// item[property], as the list filters ask it of whatever a list holds.
#pragma once

#include "content/liquid/filters.h"

namespace nurtured::content::liquid {

struct Property {
  enum class State {
    found,   // `value`, null where the item has no such property
    absent,  // nil, booleans and decimals have no properties at all
    wrong,   // a number's or a text's property cannot be asked for by this key
  };
  State state = State::found;
  cel::Value value;
};

Property property_of(const cel::Value& item, const cel::Value& key);
// The error for State::wrong.
tl::unexpected<Fault> property_fault(const cel::Value& key);

}  // namespace nurtured::content::liquid
