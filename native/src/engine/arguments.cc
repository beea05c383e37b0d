#include "arguments.h"

#include <ATen/ATen.h>

#include <utility>

namespace graphpatch {

namespace {

// A plain number where an operator takes a tensor, as Python makes one: it does not decide the result's
// dtype.
at::Tensor wrappedNumber(const c10::IValue& value) {
  const c10::Scalar scalar = value.toScalar();
  at::Tensor tensor = at::scalar_tensor(scalar, at::device(at::kCPU).dtype(scalar.type()));
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

c10::IValue listValue(const Argument& argument, const std::vector<c10::IValue>& frame) {
  const c10::TypeKind kind = elementKind(argument);
  if (kind == c10::TypeKind::IntType || kind == c10::TypeKind::SymIntType) {
    c10::List<int64_t> numbers;
    numbers.reserve(argument.list.size());
    for (const ListElement& element : argument.list) {
      const ValueIndex* value = std::get_if<ValueIndex>(&element);
      numbers.push_back((value ? frame[*value] : std::get<c10::IValue>(element)).toInt());
    }
    return numbers;
  }
  c10::impl::GenericList list(argument.type);
  list.reserve(argument.list.size());
  for (const ListElement& element : argument.list) {
    const ValueIndex* value = std::get_if<ValueIndex>(&element);
    list.push_back(converted(value ? frame[*value] : std::get<c10::IValue>(element), kind));
  }
  return list;
}

}  // namespace

c10::TypeKind elementKind(const Argument& list) {
  const auto optional = list.type->cast<c10::OptionalType>();
  return (optional ? optional->getElementType() : list.type)->kind();
}

c10::IValue converted(const c10::IValue& value, c10::TypeKind kind) {
  if (value.isTensor()) return value;
  if (kind == c10::TypeKind::TensorType && value.isScalar()) return wrappedNumber(value);
  if (kind == c10::TypeKind::FloatType && value.isInt()) return static_cast<double>(value.toInt());
  return value;
}

c10::IValue argumentValue(const Argument& argument, const std::vector<c10::IValue>& frame) {
  switch (argument.kind) {
    case Argument::Kind::Constant:
      return argument.constant;
    case Argument::Kind::Value:
      return frame[argument.value];
    default:
      return listValue(argument, frame);
  }
}

c10::IValue operatorArgument(const Argument& argument, const std::vector<c10::IValue>& frame) {
  if (argument.kind != Argument::Kind::Value) return argumentValue(argument, frame);
  const c10::IValue& value = frame[argument.value];
  return value.isTensor() ? value : converted(value, argument.type->kind());
}

std::vector<c10::IValue> resultsOf(std::vector<c10::IValue>& stack, size_t wanted) {
  if (wanted == 1 && stack.size() == 1 && !stack[0].isTensorList()) return {std::move(stack[0])};
  return stack.size() == 1 && stack[0].isList() ? stack[0].toListRef().vec() : stack;
}

}  // namespace graphpatch
