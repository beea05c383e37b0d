#include "number_ops.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

using c10::IValue;

struct Rule {
  std::string_view name;
  NumberOp op;
  size_t operands;
};

constexpr std::array<Rule, 34> kRules{{{"size", NumberOp::Size, 2},
                                       {"stride", NumberOp::Stride, 2},
                                       {"numel", NumberOp::Numel, 1},
                                       {"storage_offset", NumberOp::StorageOffset, 1},
                                       {"add", NumberOp::Add, 2},
                                       {"sub", NumberOp::Sub, 2},
                                       {"mul", NumberOp::Mul, 2},
                                       {"truediv", NumberOp::TrueDiv, 2},
                                       {"floordiv", NumberOp::FloorDiv, 2},
                                       {"mod", NumberOp::Mod, 2},
                                       {"pow", NumberOp::Pow, 2},
                                       {"min", NumberOp::Min, 2},
                                       {"max", NumberOp::Max, 2},
                                       {"lshift", NumberOp::LeftShift, 2},
                                       {"rshift", NumberOp::RightShift, 2},
                                       {"eq", NumberOp::Eq, 2},
                                       {"ne", NumberOp::Ne, 2},
                                       {"lt", NumberOp::Lt, 2},
                                       {"le", NumberOp::Le, 2},
                                       {"gt", NumberOp::Gt, 2},
                                       {"ge", NumberOp::Ge, 2},
                                       {"and", NumberOp::And, 2},
                                       {"or", NumberOp::Or, 2},
                                       {"neg", NumberOp::Neg, 1},
                                       {"pos", NumberOp::Pos, 1},
                                       {"not", NumberOp::Not, 1},
                                       {"trunc", NumberOp::Trunc, 1},
                                       {"floor", NumberOp::Floor, 1},
                                       {"ceil", NumberOp::Ceil, 1},
                                       {"round", NumberOp::Round, 1},
                                       {"float", NumberOp::Float, 1},
                                       {"sqrt", NumberOp::Sqrt, 1},
                                       {"ite", NumberOp::Ite, 3},
                                       {"sum", NumberOp::Sum, 0}}};

const Rule& ruleOf(NumberOp op) {
  return *std::find_if(kRules.begin(), kRules.end(), [op](const Rule& one) { return one.op == op; });
}

[[noreturn]] void refuse(const std::string& problem) { throw GraphpatchError("ArgumentError", problem); }

void requireNumber(const IValue& value) {
  if (!value.isInt() && !value.isDouble() && !value.isBool())
    refuse("arithmetic on something that is no number");
}

double real(const IValue& value) {
  return value.isDouble() ? value.toDouble() : static_cast<double>(integerOf(value));
}

bool truth(const IValue& value) { return value.isDouble() ? value.toDouble() != 0 : integerOf(value) != 0; }

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
  if (b == 0) refuse("integer division of a size by zero");
  int64_t negated = 0;
  if (b == -1)
    return inRange(__builtin_sub_overflow(int64_t{0}, a, &negated), negated);  // the CPU would trap
  const int64_t quotient = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? quotient - 1 : quotient;
}

int64_t power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (int64_t i = 0; i < exponent && result != 0; ++i) {
    if (__builtin_mul_overflow(result, base, &result)) refuse("a power of sizes is beyond 64 bits");
    if (base == 1 || base == 0) break;
    if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  }
  return result;
}

// Rounded to an integer, as Python's int(), floor() and ceil() give one.
IValue rounded(double value) {
  if (!(std::abs(value) < 9.2e18)) refuse("a number the model computes has no integer value");
  return static_cast<int64_t>(value);
}

IValue compareNumbers(NumberOp op, const IValue& a, const IValue& b) {
  const bool isReal = a.isDouble() || b.isDouble();
  const double x = real(a), y = real(b);
  const int64_t i = isReal ? 0 : integerOf(a), j = isReal ? 0 : integerOf(b);
  switch (op) {
    case NumberOp::Eq:
      return isReal ? x == y : i == j;
    case NumberOp::Ne:
      return isReal ? x != y : i != j;
    case NumberOp::Lt:
      return isReal ? x < y : i < j;
    case NumberOp::Le:
      return isReal ? x <= y : i <= j;
    case NumberOp::Gt:
      return isReal ? x > y : i > j;
    default:
      return isReal ? x >= y : i >= j;
  }
}

IValue realArithmetic(NumberOp op, double a, double b) {
  switch (op) {
    case NumberOp::Add:
      return a + b;
    case NumberOp::Sub:
      return a - b;
    case NumberOp::Mul:
      return a * b;
    case NumberOp::FloorDiv:
      return std::floor(a / b);
    case NumberOp::Mod:
      return a - std::floor(a / b) * b;
    case NumberOp::Min:
      return std::min(a, b);
    case NumberOp::Max:
      return std::max(a, b);
    default:
      return std::pow(a, b);
  }
}

IValue integerArithmetic(NumberOp op, int64_t a, int64_t b) {
  int64_t result = 0;
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
      return static_cast<int64_t>(a - static_cast<__int128>(floorDivide(a, b)) * b);
    case NumberOp::Min:
      return std::min(a, b);
    case NumberOp::Max:
      return std::max(a, b);
    default:
      return b < 0 ? IValue(std::pow(static_cast<double>(a), static_cast<double>(b))) : IValue(power(a, b));
  }
}

IValue ofTensor(NumberOp op, const std::vector<IValue>& arguments) {
  const at::Tensor& tensor = arguments[0].toTensor();
  switch (op) {
    case NumberOp::Size:
      return tensor.size(arguments[1].toInt());
    case NumberOp::Stride:
      return tensor.stride(arguments[1].toInt());
    case NumberOp::Numel:
      return tensor.numel();
    default:
      return tensor.storage_offset();
  }
}

IValue ofOne(NumberOp op, const IValue& a) {
  switch (op) {
    case NumberOp::Neg:
      return a.isDouble() ? IValue(-a.toDouble()) : IValue(integerArithmetic(NumberOp::Sub, 0, integerOf(a)));
    case NumberOp::Pos:
      return a;
    case NumberOp::Not:
      return !truth(a);
    case NumberOp::Trunc:
      return a.isDouble() ? rounded(std::trunc(a.toDouble())) : IValue(integerOf(a));
    case NumberOp::Floor:
      return a.isDouble() ? rounded(std::floor(a.toDouble())) : IValue(integerOf(a));
    case NumberOp::Ceil:
      return a.isDouble() ? rounded(std::ceil(a.toDouble())) : IValue(integerOf(a));
    case NumberOp::Round:
      // To the nearest even one, as Python does.
      return a.isDouble() ? rounded(std::nearbyint(a.toDouble())) : IValue(integerOf(a));
    case NumberOp::Float:
      return real(a);
    default:
      return std::sqrt(real(a));
  }
}

IValue ofTwo(NumberOp op, const IValue& a, const IValue& b) {
  switch (op) {
    case NumberOp::Eq:
    case NumberOp::Ne:
    case NumberOp::Lt:
    case NumberOp::Le:
    case NumberOp::Gt:
    case NumberOp::Ge:
      return compareNumbers(op, a, b);
    case NumberOp::And:
      return truth(a) && truth(b);
    case NumberOp::Or:
      return truth(a) || truth(b);
    case NumberOp::TrueDiv:
      return real(a) / real(b);
    case NumberOp::LeftShift:
    case NumberOp::RightShift: {
      const int64_t shift = integerOf(b);
      if (shift < 0 || shift > 62) refuse("a shift by " + std::to_string(shift));
      const int64_t factor = int64_t{1} << shift;
      if (op == NumberOp::LeftShift) return integerArithmetic(NumberOp::Mul, integerOf(a), factor);
      return floorDivide(integerOf(a), factor);
    }
    default:
      if (a.isDouble() || b.isDouble()) return realArithmetic(op, real(a), real(b));
      return integerArithmetic(op, integerOf(a), integerOf(b));
  }
}

}  // namespace

int64_t integerOf(const IValue& value) {
  return value.isBool() ? static_cast<int64_t>(value.toBool()) : value.toInt();
}

NumberOp numberOpFromName(std::string_view name) {
  for (const Rule& rule : kRules) {
    if (rule.name == name) return rule.op;
  }
  throw GraphpatchError("ArgumentError", "unknown number operator \"" + std::string(name) + "\"");
}

size_t operandCount(NumberOp op) { return ruleOf(op).operands; }

bool isOfTensor(NumberOp op) { return op <= NumberOp::StorageOffset; }

IValue evaluateNumberOp(NumberOp op, const std::vector<IValue>& arguments) {
  const Rule& rule = ruleOf(op);
  if (arguments.size() < rule.operands)
    refuse(std::string(rule.name) + " needs more numbers than it is given");
  if (isOfTensor(op)) {
    if (!arguments[0].isTensor()) refuse(std::string(rule.name) + " of something that is no tensor");
    return ofTensor(op, arguments);
  }
  for (const IValue& argument : arguments) requireNumber(argument);
  if (op == NumberOp::Ite) return arguments[truth(arguments[0]) ? 1 : 2];
  if (op == NumberOp::Sum) {
    IValue sum = int64_t{0};
    for (const IValue& argument : arguments) sum = ofTwo(NumberOp::Add, sum, argument);
    return sum;
  }
  return rule.operands == 1 ? ofOne(op, arguments[0]) : ofTwo(op, arguments[0], arguments[1]);
}

}  // namespace graphpatch
