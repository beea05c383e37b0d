#include "dispatch/dispatch_bindings.h"

#include <ATen/core/grad_mode.h>

#include <string>
#include <string_view>

#include "addon_data.h"
#include "async/leavable_call.h"
#include "dispatch/ivalue_js.h"
#include "dispatch/operators.h"
#include "dispatch/resolve.h"
#include "dispatch/schema_js.h"
#include "errors/errors.h"
#include "tensor/dtypes.h"

namespace graphpatch {
namespace {

// "aten::add.Tensor" names an overload, "aten::add" leaves the choice to the arguments.
Call callFor(const std::string& name, const Napi::Array& args, const Napi::Value& kwargs) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return resolveCall(findGroup(name), args, kwargs);
  return bindCall(findOverload(findGroup(name.substr(0, dot)), name.substr(dot + 1)), args, kwargs);
}

// A dtype is an integer to operators; only the schema tells.
Napi::Value resultToJs(Napi::Env env, const Call& call, size_t index) {
  const c10::IValue& value = call.stack[index];
  const auto& returns = call.overload->schema.returns();
  if (index < returns.size() && returns[index].real_type()->kind() == c10::TypeKind::ScalarTypeType) {
    const std::string_view name = dtypeName(static_cast<c10::ScalarType>(value.toInt()));
    return Napi::String::New(env, name.data(), name.size());
  }
  return ivalueToJs(env, value);
}

// Probes that share memory with what the operator writes to keep the values they saw.
void announceWrites(Napi::Env env, const Call& call) {
  const auto& arguments = call.overload->schema.arguments();
  HandleRegistry& handles = AddonData::of(env).handles;
  for (size_t i = 0; i < arguments.size(); i++) {
    if (arguments[i].alias_info() == nullptr || !arguments[i].alias_info()->isWrite()) continue;
    const c10::IValue& value = call.stack[i];
    if (value.isTensor()) {
      handles.beforeWrite(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) handles.beforeWrite(tensor);
    }
  }
}

Napi::Value run(Napi::Env env, Call& call, bool gradEnabled) {
  if (call.overload->writes) announceWrites(env, call);
  const c10::AutoGradMode mode(gradEnabled);
  if (AddonData::of(env).leavable)
    callLeavable(call.overload->handle, call.stack);
  else
    call.overload->handle.callBoxed(call.stack);
  if (call.stack.size() == 1) return resultToJs(env, call, 0);
  if (call.stack.empty()) return env.Undefined();
  Napi::Array results = Napi::Array::New(env, call.stack.size());
  for (size_t i = 0; i < call.stack.size(); i++) {
    results.Set(static_cast<uint32_t>(i), resultToJs(env, call, i));
  }
  return results;
}

// call(name, args, kwargs | undefined, gradEnabled)
Napi::Value call(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    Call resolved = callFor(info[0].As<Napi::String>(), info[1].As<Napi::Array>(), info[2]);
    return run(info.Env(), resolved, info[3].As<Napi::Boolean>());
  });
}

// callResolved(operator, overload, args, gradEnabled): args in schema order, undefined for a default
Napi::Value callResolved(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const OperatorGroup& group = findGroup(info[0].As<Napi::String>());
    const Overload& overload = findOverload(group, info[1].As<Napi::String>());
    Call bound = bindOrdered(overload, info[2].As<Napi::Array>());
    return run(info.Env(), bound, info[3].As<Napi::Boolean>());
  });
}

// resolve(name, args, kwargs | undefined): { operator, overload, args }
Napi::Value resolve(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const Call resolved = callFor(info[0].As<Napi::String>(), info[1].As<Napi::Array>(), info[2]);
    size_t count = resolved.arguments.size();
    while (count > 0 && resolved.arguments[count - 1] == nullptr) count--;
    Napi::Array args = Napi::Array::New(info.Env(), count);
    for (size_t i = 0; i < count; i++) {
      const napi_value value = resolved.arguments[i];
      args.Set(static_cast<uint32_t>(i),
               value == nullptr ? info.Env().Undefined() : Napi::Value(info.Env(), value));
    }
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("operator", Napi::String::New(info.Env(), resolved.overload->schema.name()));
    result.Set("overload", Napi::String::New(info.Env(), resolved.overload->schema.overload_name()));
    result.Set("args", args);
    return result;
  });
}

Napi::Value names(const Napi::CallbackInfo& info) {
  Napi::Array result = Napi::Array::New(info.Env());
  for (const std::string& name : operatorNames())
    result.Set(result.Length(), Napi::String::New(info.Env(), name));
  return result;
}

// schemas(name): the overloads that can be chosen by their arguments
Napi::Value schemas(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    Napi::Array result = Napi::Array::New(info.Env());
    for (const Overload& overload : findGroup(info[0].As<Napi::String>()).overloads) {
      if (overload.selectable) result.Set(result.Length(), schemaToJs(info.Env(), overload.schema));
    }
    return result;
  });
}

// schema(name, overload): of any overload, those too that only their name reaches
Napi::Value schema(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const OperatorGroup& group = findGroup(info[0].As<Napi::String>());
    return schemaToJs(info.Env(), findOverload(group, info[1].As<Napi::String>()).schema);
  });
}

}  // namespace

void initDispatch(Napi::Env env, Napi::Object exports) {
  exports.Set("call", Napi::Function::New(env, call));
  exports.Set("callResolved", Napi::Function::New(env, callResolved));
  exports.Set("resolve", Napi::Function::New(env, resolve));
  exports.Set("operatorNames", Napi::Function::New(env, names));
  exports.Set("schemas", Napi::Function::New(env, schemas));
  exports.Set("schema", Napi::Function::New(env, schema));
}

}  // namespace graphpatch
