// "Did you mean …": the candidate nearest to a misspelt name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nurtured::cel {

// Edit distance with transposition, at most a third of the name and never more than 3; empty when
// nothing is near enough. Upper and lower case count as near. Of equals the first. Names longer
// than 64 bytes are not compared.
std::string near_miss(std::string_view name, std::span<const std::string> candidates);

}  // namespace nurtured::cel
