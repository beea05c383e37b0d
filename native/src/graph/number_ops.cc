#include "number_ops.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <utility>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

constexpr std::array<std::pair<std::string_view, NumberOp>, 9> kNames{{{"size", NumberOp::Size},
                                                                       {"add", NumberOp::Add},
                                                                       {"sub", NumberOp::Sub},
                                                                       {"mul", NumberOp::Mul},
                                                                       {"floordiv", NumberOp::FloorDiv},
                                                                       {"mod", NumberOp::Mod},
                                                                       {"neg", NumberOp::Neg},
                                                                       {"min", NumberOp::Min},
                                                                       {"max", NumberOp::Max}}};

// No size is larger. Operators compute with sizes, and not all of them look for overflow.
constexpr int64_t kLargest = int64_t{1} << 53;

// What a checked operation of the compiler has put in `result`, by reference: it is read after the operation.
int64_t inRange(bool overflowed, const int64_t& result) {
  if (overflowed || result > kLargest || result < -kLargest) {
    throw GraphpatchError("ArgumentError", "a size beyond 2^53");
  }
  return result;
}

int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0) throw GraphpatchError("ArgumentError", "integer division of a size by zero");
  int64_t negated = 0;
  if (b == -1)
    return inRange(__builtin_sub_overflow(int64_t{0}, a, &negated), negated);  // the CPU would trap
  const int64_t quotient = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? quotient - 1 : quotient;
}

}  // namespace

NumberOp numberOpFromName(std::string_view name) {
  for (const auto& [known, op] : kNames) {
    if (known == name) return op;
  }
  throw GraphpatchError("ArgumentError", "unknown number operator \"" + std::string(name) + "\"");
}

c10::IValue evaluateNumberOp(NumberOp op, const std::vector<c10::IValue>& arguments) {
  if (op == NumberOp::Size) return arguments[0].toTensor().size(arguments[1].toInt());
  const int64_t a = arguments[0].toInt();
  int64_t result = 0;
  if (op == NumberOp::Neg) return inRange(__builtin_sub_overflow(int64_t{0}, a, &result), result);
  const int64_t b = arguments[1].toInt();
  switch (op) {
    case NumberOp::Add:
      return inRange(__builtin_add_overflow(a, b, &result), result);
    case NumberOp::Sub:
      return inRange(__builtin_sub_overflow(a, b, &result), result);
    case NumberOp::Mul:
      return inRange(__builtin_mul_overflow(a, b, &result), result);
    case NumberOp::FloorDiv:
      return floorDivide(a, b);
    case NumberOp::Mod:
      return a - floorDivide(a, b) * b;
    case NumberOp::Min:
      return std::min(a, b);
    case NumberOp::Max:
      return std::max(a, b);
    default:
      throw GraphpatchError("ArgumentError", "number operator without a rule");
  }
}

}  // namespace graphpatch
