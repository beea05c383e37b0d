#pragma once

#include <ATen/core/function_schema.h>
#include <napi.h>

namespace graphpatch {

// { name, overload, text, arguments: [{ name, type, optional, kwargOnly, listSize }], returns: [type] } with
// the types in the schema language ("Tensor", "SymInt[]", "ScalarType?").
Napi::Object schemaToJs(Napi::Env env, const c10::FunctionSchema& schema);

}  // namespace graphpatch
