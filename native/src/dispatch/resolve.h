// Which overload of an operator a call from JavaScript means.
#pragma once

#include <ATen/core/stack.h>
#include <napi.h>

#include <optional>
#include <vector>

#include "dispatch/operators.h"

namespace graphpatch {

struct Call {
  const Overload* overload = nullptr;
  torch::jit::Stack stack;            // one value an argument of the schema, defaults filled in
  std::vector<napi_value> arguments;  // the JavaScript values, nullptr where the default stands
};

// Picks the overload whose argument types fit best and converts the arguments. `kwargs` may be undefined.
// Throws ArgumentError that names the argument that does not fit, or, with several overloads, why each does
// not.
Call resolveCall(const OperatorGroup& group, const Napi::Array& args, const Napi::Value& kwargs);

// The same for one given overload.
Call bindCall(const Overload& overload, const Napi::Array& args, const Napi::Value& kwargs);

// The same with the arguments in schema order, keyword-only ones included, undefined where the default
// stands.
Call bindOrdered(const Overload& overload, const Napi::Array& args);

}  // namespace graphpatch
