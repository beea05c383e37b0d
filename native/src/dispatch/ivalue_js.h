// JavaScript values and the values of PyTorch's operators.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <napi.h>

#include <string>
#include <string_view>

namespace graphpatch {

// Tensors, numbers, bools, strings, lists, tuples (-> arrays); None -> null. Integers beyond 2^53 become
// bigint.
Napi::Value ivalueToJs(Napi::Env env, const c10::IValue& value);

// Checked against a schema type; `what` names the argument in errors (ArgumentError). A number where a Tensor
// is wanted becomes a wrapped number. The type is an argument's real_type(), so that dtypes are told from
// integers; `listSize` as in tryJsToIvalue.
c10::IValue jsToIvalue(const Napi::Value& value, const c10::TypePtr& type, std::string_view what,
                       int32_t listSize = 0);

// How well a value fits a type. The overload whose arguments fit best is the one called.
enum class Fit {
  refused = -1,
  exact = 0,
  widened = 1,    // an integer where a float is wanted
  broadcast = 2,  // one number where a list of numbers is wanted
  wrapped = 3,    // a number where a Tensor is wanted
  unwrapped = 4,  // a one-element Tensor where a number is wanted
};

// As jsToIvalue without the error: fills `out` unless refused. `listSize` is the N of int[N], 0 for none:
// such an argument takes a single number too.
Fit tryJsToIvalue(const Napi::Value& value, const c10::Type& type, int32_t listSize, c10::IValue& out);

// For messages: `the string "abc"`, `a Tensor [2, 3]`, `an array`.
std::string describeValue(const Napi::Value& value);

}  // namespace graphpatch
