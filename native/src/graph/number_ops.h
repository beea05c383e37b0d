#pragma once

#include <ATen/core/ivalue.h>

#include <string_view>
#include <vector>

namespace graphpatch {

// Arithmetic of sizes, as Python does it (floor division and modulo round towards minus infinity).
enum class NumberOp { Size, Add, Sub, Mul, FloorDiv, Mod, Neg, Min, Max };

// "size", "add", …; throws GraphpatchError for any other name.
NumberOp numberOpFromName(std::string_view name);

// Size takes (tensor, dim); Neg one number; the others two.
c10::IValue evaluateNumberOp(NumberOp op, const std::vector<c10::IValue>& arguments);

}  // namespace graphpatch
