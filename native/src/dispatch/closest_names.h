#pragma once

#include <string>
#include <vector>

namespace graphpatch {

// Up to three candidates most like `name`, quoted and joined for a message; "" when none is near. The
// namespace of "aten::add" is left out of what is printed.
std::string closestNames(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace graphpatch
