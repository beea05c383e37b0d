#include "dispatch/schema_js.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <sstream>
#include <string>

namespace graphpatch {
namespace {

Napi::Object argumentToJs(Napi::Env env, const c10::Argument& argument) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", Napi::String::New(env, argument.name()));
  result.Set("type", Napi::String::New(env, argument.real_type()->str()));
  result.Set("optional", Napi::Boolean::New(env, argument.default_value().has_value()));
  result.Set("kwargOnly", Napi::Boolean::New(env, argument.kwarg_only()));
  result.Set("listSize", Napi::Number::New(env, argument.N().value_or(0)));
  const c10::AliasInfo* alias = argument.alias_info();
  result.Set("aliases", Napi::Boolean::New(env, alias != nullptr));
  result.Set("writes", Napi::Boolean::New(env, alias != nullptr && alias->isWrite()));
  return result;
}

}  // namespace

Napi::Object schemaToJs(Napi::Env env, const c10::FunctionSchema& schema) {
  std::ostringstream text;
  text << schema;
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", Napi::String::New(env, schema.name()));
  result.Set("overload", Napi::String::New(env, schema.overload_name()));
  result.Set("text", Napi::String::New(env, text.str()));
  Napi::Array arguments = Napi::Array::New(env);
  for (const c10::Argument& argument : schema.arguments()) {
    arguments.Set(arguments.Length(), argumentToJs(env, argument));
  }
  result.Set("arguments", arguments);
  Napi::Array returns = Napi::Array::New(env);
  for (const c10::Argument& value : schema.returns()) {
    returns.Set(returns.Length(), Napi::String::New(env, value.real_type()->str()));
  }
  result.Set("returns", returns);
  Napi::Array returnsAliases = Napi::Array::New(env);
  for (const c10::Argument& value : schema.returns()) {
    returnsAliases.Set(returnsAliases.Length(), Napi::Boolean::New(env, value.alias_info() != nullptr));
  }
  result.Set("returnsAliases", returnsAliases);
  const auto handle = c10::Dispatcher::singleton().findOp(schema.operator_name());
  const auto has = [&](c10::DispatchKey key) {
    return Napi::Boolean::New(env, handle && handle->hasKernelForDispatchKey(key));
  };
  result.Set("isComposite", has(c10::DispatchKey::CompositeImplicitAutograd));
  result.Set("castsOnCpu", has(c10::DispatchKey::AutocastCPU));
  return result;
}

}  // namespace graphpatch
