#include "dispatch/ivalue_js.h"

#include <algorithm>
#include <string>

#include "errors/errors.h"
#include "tensor/tensor_data.h"
#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

template <class List>
Napi::Value toArray(Napi::Env env, const List& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  uint32_t at = 0;
  for (const c10::IValue& item : list) array.Set(at++, ivalueToJs(env, item));
  return array;
}

Napi::Value dictToJs(Napi::Env env, const c10::Dict<c10::IValue, c10::IValue>& dict) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& entry : dict) object.Set(ivalueToJs(env, entry.key()), ivalueToJs(env, entry.value()));
  return object;
}

}  // namespace

Napi::Value ivalueToJs(Napi::Env env, const c10::IValue& value) {
  if (value.isTensor()) return wrapTensor(env, value.toTensor());
  if (value.isNone()) return env.Null();
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isInt()) return intToJs(env, value.toInt());
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isScalar()) return scalarToJs(env, value.toScalar());
  if (value.isTuple()) return toArray(env, value.toTupleRef().elements());
  if (value.isList()) return toArray(env, value.toListRef());
  if (value.isDevice()) return Napi::String::New(env, value.toDevice().str());
  if (value.isGenericDict()) return dictToJs(env, value.toGenericDict());
  throw GraphpatchError("DtypeError", "A value of type " + value.tagKind() + " has no JavaScript form");
}

c10::IValue jsToIvalue(const Napi::Value& value, const c10::TypePtr& type, std::string_view what,
                       int32_t listSize) {
  c10::IValue result;
  if (tryJsToIvalue(value, *type, listSize, result) != Fit::refused) return result;
  throw GraphpatchError("ArgumentError",
                        std::string(what) + " must be " + type->str() + ", not " + describeValue(value));
}

std::string describeValue(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number:
      return "the number " + value.ToString().Utf8Value();
    case napi_bigint:
      return "the bigint " + value.ToString().Utf8Value() + "n";
    case napi_string:
      return "the string \"" + value.As<Napi::String>().Utf8Value() + "\"";
    case napi_function:
      return "a function";
    default:
      break;
  }
  if (const TensorHandle* handle = tryHandleOf(value)) {
    if (!handle->tensor().defined()) return "a disposed Tensor";
    std::string sizes;
    for (const int64_t size : handle->tensor().sizes())
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    return "a Tensor [" + sizes + "]";
  }
  if (value.IsArray()) {
    const Napi::Array array = value.As<Napi::Array>();
    std::string items;
    for (uint32_t i = 0; i < std::min<uint32_t>(array.Length(), 4); i++) {
      items += (i > 0 ? ", " : "") + describeValue(array.Get(i));
    }
    return "an array of " + std::to_string(array.Length()) + (items.empty() ? "" : " (" + items + ")");
  }
  return "an object";
}

}  // namespace graphpatch
