#pragma once

#include <ATen/core/ivalue.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace graphpatch {

// Arithmetic of sizes and other plain numbers, as Python does it: floor division and modulo round towards
// minus infinity, `/` gives a float, a float among the operands makes the result one.
enum class NumberOp {
  // Of a tensor.
  Size,
  Stride,
  Numel,
  StorageOffset,
  // Of two numbers.
  Add,
  Sub,
  Mul,
  TrueDiv,
  FloorDiv,
  Mod,
  Pow,
  Min,
  Max,
  LeftShift,
  RightShift,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  And,
  Or,
  // Of one.
  Neg,
  Pos,
  Not,
  Trunc,
  Floor,
  Ceil,
  Round,
  Float,
  Sqrt,
  // Of three: a condition and the results for true and false.
  Ite,
  // Of any number of them.
  Sum
};

// "size", "add", …; throws GraphpatchError for any other name.
NumberOp numberOpFromName(std::string_view name);

// How many numbers it takes; 0 for any number of them. A tensor is the first of those of a tensor.
size_t operandCount(NumberOp op);
bool isOfTensor(NumberOp op);

// Throws GraphpatchError when there are too few arguments or one is no number.
c10::IValue evaluateNumberOp(NumberOp op, const std::vector<c10::IValue>& arguments);

// A number or boolean as an integer: true is 1.
int64_t integerOf(const c10::IValue& value);

}  // namespace graphpatch
