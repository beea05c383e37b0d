#pragma once

#include <ATen/core/ivalue.h>

#include <vector>

#include "../graph/graph.h"

namespace graphpatch {

// What an argument is, with the values of a run in `frame`.
c10::IValue argumentValue(const Argument& argument, const std::vector<c10::IValue>& frame);

// The same as an operator takes it.
c10::IValue operatorArgument(const Argument& argument, const std::vector<c10::IValue>& frame);

// `value` as an operator takes it whose schema asks for `kind`: a number as a tensor, an integer as a float.
c10::IValue converted(const c10::IValue& value, c10::TypeKind kind);

// The type of a list's elements.
c10::TypeKind elementKind(const Argument& list);

// The results of a boxed call one by one: of an operator that gives a list, its elements.
std::vector<c10::IValue> resultsOf(std::vector<c10::IValue>& stack, size_t wanted);

}  // namespace graphpatch
