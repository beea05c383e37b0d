#include "graph_spec.h"

#include <utility>

#include "../dispatch/ivalue_js.h"
#include "../dispatch/operators.h"
#include "../errors/errors.h"
#include "../tensor/tensor_handle.h"

namespace graphpatch {

namespace {

std::string stringField(const Napi::Object& object, const char* key) {
  const Napi::Value value = object.Get(key);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::vector<ValueIndex> indexList(const Napi::Value& value) {
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<ValueIndex> indexes;
  indexes.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    indexes.push_back(array.Get(i).As<Napi::Number>().Int32Value());
  }
  return indexes;
}

c10::TypePtr withoutOptional(c10::TypePtr type) {
  while (auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  return type;
}

c10::TypePtr elementType(const c10::TypePtr& type, const std::string& what) {
  const auto list = withoutOptional(type)->cast<c10::ListType>();
  if (!list) {
    throw GraphpatchError("ArgumentError", what + ": a list where the operator takes " + type->str());
  }
  return list->getElementType();
}

// 2.0, which JavaScript does not tell from 2: it decides the dtype of what it is added to.
c10::IValue asFloat(const c10::IValue& value) {
  if (value.isInt()) return static_cast<double>(value.toInt());
  if (!value.isTensor() || !value.toTensor().unsafeGetTensorImpl()->is_wrapped_number()) return value;
  at::Tensor number = value.toTensor().to(at::kDouble);
  number.unsafeGetTensorImpl()->set_wrapped_number(true);
  return number;
}

Argument argumentFromSpec(const Napi::Value& spec, const c10::TypePtr& type, const std::string& what) {
  Argument argument;
  argument.type = withoutOptional(type);
  const Napi::Object object = spec.As<Napi::Object>();
  if (object.Has("ref")) {
    argument.kind = Argument::Kind::Value;
    argument.value = object.Get("ref").As<Napi::Number>().Int32Value();
  } else if (object.Has("list")) {
    argument.kind = Argument::Kind::List;
    // An operator of JavaScript's takes anything.
    const bool isAny = argument.type->kind() == c10::TypeKind::AnyType;
    const c10::TypePtr element = isAny ? argument.type : elementType(type, what);
    argument.type = element;
    const Napi::Array items = object.Get("list").As<Napi::Array>();
    for (uint32_t i = 0; i < items.Length(); ++i) {
      const Napi::Object item = items.Get(i).As<Napi::Object>();
      if (item.Has("ref")) {
        argument.list.emplace_back(item.Get("ref").As<Napi::Number>().Int32Value());
      } else {
        argument.list.emplace_back(jsToIvalue(item.Get("constant"), element, what));
      }
    }
  } else {
    argument.constant = jsToIvalue(object.Get("constant"), type, what);
    if (object.Get("isFloat").ToBoolean()) argument.constant = asFloat(argument.constant);
  }
  return argument;
}

// Arguments in the order of the schema; what the description leaves out takes the schema's default.
std::vector<Argument> operatorArguments(const Napi::Array& specs, const c10::FunctionSchema& schema,
                                        const std::string& node) {
  std::vector<Argument> arguments;
  arguments.reserve(schema.arguments().size());
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    const c10::Argument& declared = schema.arguments()[i];
    const std::string what = node + ": argument " + declared.name();
    const Napi::Value spec =
        i < specs.Length() ? specs.Get(static_cast<uint32_t>(i)) : specs.Env().Undefined();
    if (spec.IsObject()) {
      arguments.push_back(argumentFromSpec(spec, declared.real_type(), what));
      continue;
    }
    if (!declared.default_value()) {
      throw GraphpatchError("ArgumentError", what + " is missing and has no default");
    }
    Argument argument;
    argument.constant = *declared.default_value();
    argument.type = withoutOptional(declared.real_type());
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::vector<Argument> plainArguments(const Napi::Array& specs, const c10::TypePtr& type,
                                     const std::string& node) {
  std::vector<Argument> arguments;
  for (uint32_t i = 0; i < specs.Length(); ++i) {
    arguments.push_back(argumentFromSpec(specs.Get(i), type, node));
  }
  return arguments;
}

std::optional<BranchCondition> branchCondition(const Napi::Value& spec) {
  if (!spec.IsObject()) return std::nullopt;
  const Napi::Object object = spec.As<Napi::Object>();
  return BranchCondition{object.Get("value").As<Napi::Number>().Int32Value(),
                         object.Get("expected").ToBoolean()};
}

Node nodeFromSpec(const Napi::Object& spec) {
  const std::string type = stringField(spec, "type");
  const Napi::Array args = spec.Get("args").As<Napi::Array>();
  Node node{Alias{},
            {},
            indexList(spec.Get("results")),
            branchCondition(spec.Get("when")),
            stringField(spec, "name"),
            stringField(spec, "code")};
  if (type == "operator") {
    const c10::OperatorHandle handle =
        findOperator(stringField(spec, "operator"), stringField(spec, "overload"));
    node.arguments = operatorArguments(args, handle.schema(), node.name);
    node.operation = OperatorCall{handle};
    return node;
  }
  if (type == "javascript") {
    node.arguments = plainArguments(args, c10::AnyType::get(), node.name);
    node.operation = JavascriptCall{stringField(spec, "operator")};
    return node;
  }
  node.arguments = plainArguments(args, c10::NumberType::get(), node.name);
  if (type == "number") {
    node.operation = NumberCall{numberOpFromName(stringField(spec, "operator"))};
  } else if (type == "guard") {
    node.operation =
        Guard{spec.Get("expected").As<Napi::Number>().Int64Value(), stringField(spec, "message")};
  } else if (type == "merge") {
    if (node.arguments.size() != 3 || node.results.size() != 1) {
      throw GraphpatchError("CorruptFileError", "graph: node " + node.name + " is no merge of two values");
    }
    node.operation = Merge{};
  } else if (type != "alias") {
    throw GraphpatchError("CorruptFileError",
                          "graph: node " + node.name + " has the unknown type \"" + type + "\"");
  }
  return node;
}

}  // namespace

std::shared_ptr<const Graph> graphFromSpec(const Napi::Object& spec) {
  const int32_t valueCount = spec.Get("valueCount").As<Napi::Number>().Int32Value();
  std::vector<GraphConstant> constants;
  const Napi::Array constantSpecs = spec.Get("constants").As<Napi::Array>();
  for (uint32_t i = 0; i < constantSpecs.Length(); ++i) {
    const Napi::Object constant = constantSpecs.Get(i).As<Napi::Object>();
    constants.push_back(
        {constant.Get("value").As<Napi::Number>().Int32Value(), unwrapTensor(constant.Get("tensor"))});
  }
  std::vector<Node> nodes;
  const Napi::Array nodeSpecs = spec.Get("nodes").As<Napi::Array>();
  nodes.reserve(nodeSpecs.Length());
  for (uint32_t i = 0; i < nodeSpecs.Length(); ++i) {
    nodes.push_back(nodeFromSpec(nodeSpecs.Get(i).As<Napi::Object>()));
  }
  return std::make_shared<const Graph>(valueCount, indexList(spec.Get("inputs")), std::move(constants),
                                       std::move(nodes));
}

}  // namespace graphpatch
