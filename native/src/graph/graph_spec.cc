#include "graph_spec.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "../dispatch/ivalue_js.h"
#include "../dispatch/operators.h"
#include "../errors/errors.h"
#include "../tensor/dtypes.h"
#include "../tensor/tensor_handle.h"

namespace graphpatch {

namespace {

// A description may come from a file: nothing in it is taken for granted.
[[noreturn]] void malformed(const std::string& what, const char* expected, const Napi::Value& found) {
  throw GraphpatchError("CorruptFileError",
                        "graph: " + what + " must be " + expected + ", not " + describeValue(found));
}

Napi::Object toObject(const Napi::Value& value, const std::string& what) {
  if (!value.IsObject()) malformed(what, "an object", value);
  return value.As<Napi::Object>();
}

Napi::Array toArray(const Napi::Value& value, const std::string& what) {
  if (!value.IsArray()) malformed(what, "an array", value);
  return value.As<Napi::Array>();
}

std::string toText(const Napi::Value& value, const std::string& what) {
  if (!value.IsString()) malformed(what, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

ValueIndex toValueIndex(const Napi::Value& value, const std::string& what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number < std::numeric_limits<ValueIndex>::max()) || number != std::trunc(number)) {
    malformed(what, "the number of a value", value);
  }
  return static_cast<ValueIndex>(number);
}

std::vector<ValueIndex> toValueIndexes(const Napi::Value& value, const std::string& what) {
  const Napi::Array array = toArray(value, what);
  std::vector<ValueIndex> indexes;
  for (uint32_t i = 0; i < array.Length(); ++i) indexes.push_back(toValueIndex(array.Get(i), what));
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

c10::IValue constantFromSpec(const Napi::Object& spec, const c10::TypePtr& type, int32_t listSize,
                             const std::string& what) {
  if (!spec.Has("constant")) malformed(what, "a value, a constant or a list of them", spec);
  const c10::IValue constant = jsToIvalue(spec.Get("constant"), type, what, listSize);
  return spec.Get("isFloat").ToBoolean() ? asFloat(constant) : constant;
}

std::vector<ListElement> listFromSpec(const Napi::Value& items, const c10::TypePtr& element,
                                      const std::string& what) {
  const Napi::Array array = toArray(items, what);
  std::vector<ListElement> list;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object item = toObject(array.Get(i), what);
    if (item.Has("ref")) {
      list.emplace_back(toValueIndex(item.Get("ref"), what));
    } else {
      list.emplace_back(constantFromSpec(item, element, 0, what));
    }
  }
  return list;
}

// `listSize` is the N of int[N], for which one number may stand; 0 for none.
Argument argumentFromSpec(const Napi::Value& spec, const c10::TypePtr& type, int32_t listSize,
                          const std::string& what) {
  Argument argument;
  argument.type = withoutOptional(type);
  const Napi::Object object = toObject(spec, what);
  if (object.Has("ref")) {
    argument.kind = Argument::Kind::Value;
    argument.value = toValueIndex(object.Get("ref"), what);
  } else if (object.Has("list")) {
    argument.kind = Argument::Kind::List;
    // An operator of JavaScript's takes anything.
    if (argument.type->kind() != c10::TypeKind::AnyType) argument.type = elementType(type, what);
    argument.list = listFromSpec(object.Get("list"), argument.type, what);
  } else {
    argument.constant = constantFromSpec(object, type, listSize, what);
  }
  return argument;
}

// Arguments in the order of the schema; what the description leaves out takes the schema's default.
std::vector<Argument> operatorArguments(const Napi::Array& specs, const c10::FunctionSchema& schema,
                                        const std::string& node) {
  if (specs.Length() > schema.arguments().size()) {
    throw GraphpatchError("ArgumentError", node + ": " + std::to_string(specs.Length()) + " arguments, but " +
                                               schema.name() + " takes " +
                                               std::to_string(schema.arguments().size()));
  }
  std::vector<Argument> arguments;
  arguments.reserve(schema.arguments().size());
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    const c10::Argument& declared = schema.arguments()[i];
    const std::string what = node + ": argument " + declared.name();
    const Napi::Value spec =
        i < specs.Length() ? specs.Get(static_cast<uint32_t>(i)) : specs.Env().Undefined();
    if (!spec.IsUndefined() && !spec.IsNull()) {
      arguments.push_back(argumentFromSpec(spec, declared.real_type(), declared.N().value_or(0), what));
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

// Values and constants of one type.
std::vector<Argument> plainArguments(const Napi::Array& specs, const c10::TypePtr& type,
                                     const std::string& node) {
  std::vector<Argument> arguments;
  for (uint32_t i = 0; i < specs.Length(); ++i) {
    arguments.push_back(argumentFromSpec(specs.Get(i), type, 0, node));
  }
  return arguments;
}

int64_t expectedNumber(const Napi::Value& value, const std::string& node) {
  return jsToIvalue(value, c10::IntType::get(), node + ": expected").toInt();
}

std::optional<BranchCondition> branchCondition(const Napi::Value& spec, const std::string& node) {
  if (spec.IsUndefined()) return std::nullopt;
  const Napi::Object object = toObject(spec, node + ": when");
  return BranchCondition{toValueIndex(object.Get("value"), node + ": when"),
                         object.Get("expected").ToBoolean()};
}

// torch.autocast("cpu") knows these two only.
std::optional<c10::ScalarType> autocastDtype(const Napi::Value& value, const std::string& node) {
  if (value.IsUndefined()) return std::nullopt;
  const std::string what = node + ": autocast";
  const c10::ScalarType dtype = dtypeOf(toText(value, what));
  if (dtype != c10::kBFloat16 && dtype != c10::kHalf) malformed(what, "bfloat16 or float16", value);
  return dtype;
}

Alias aliasFromSpec(const Napi::Value& spec, const std::string& node) {
  Alias alias;
  if (spec.IsUndefined()) return alias;
  const std::string what = node + ": unless";
  const Napi::Object unless = toObject(spec, what);
  alias.other = toValueIndex(unless.Get("other"), what);
  const Napi::Array watched = toArray(unless.Get("watched"), what);
  for (uint32_t i = 0; i < watched.Length(); ++i) {
    const std::vector<ValueIndex> values = toValueIndexes(watched.Get(i), what);
    if (values.empty() || values.size() > 2) malformed(what, "lists of one or two values", watched.Get(i));
    alias.watches.push_back({values.front(), values.size() == 2 ? values.back() : -1});
  }
  return alias;
}

Node nodeFromSpec(const Napi::Object& spec) {
  const std::string name = toText(spec.Get("name"), "a node's name");
  const std::string type = toText(spec.Get("type"), name + ": type");
  const Napi::Array args = toArray(spec.Get("args"), name + ": args");
  Node node{Alias{},
            {},
            toValueIndexes(spec.Get("results"), name + ": results"),
            branchCondition(spec.Get("when"), name),
            name,
            toText(spec.Get("code"), name + ": code")};
  if (type == "operator") {
    const c10::OperatorHandle handle = findOperator(toText(spec.Get("operator"), name + ": operator"),
                                                    toText(spec.Get("overload"), name + ": overload"));
    node.arguments = operatorArguments(args, handle.schema(), name);
    node.operation = OperatorCall{handle, autocastDtype(spec.Get("autocast"), name)};
    return node;
  }
  if (type == "javascript") {
    node.arguments = plainArguments(args, c10::AnyType::get(), name);
    node.operation = JavascriptCall{toText(spec.Get("operator"), name + ": operator")};
    return node;
  }
  node.arguments = plainArguments(args, c10::NumberType::get(), name);
  if (type == "number") {
    node.operation = NumberCall{numberOpFromName(toText(spec.Get("operator"), name + ": operator"))};
  } else if (type == "guard") {
    const Napi::Value message = spec.Get("message");
    node.operation = Guard{expectedNumber(spec.Get("expected"), name),
                           message.IsUndefined() ? "" : toText(message, name + ": message")};
  } else if (type == "merge") {
    if (node.arguments.size() != 3 || node.results.size() != 1) {
      throw GraphpatchError("CorruptFileError", "graph: node " + name + " is no merge of two values");
    }
    node.operation = Merge{};
  } else if (type == "loop") {
    node.operation = Loop{};
  } else if (type == "while") {
    node.operation = While{};
  } else if (type == "repeat") {
    node.operation = Repeat{};
  } else if (type == "alias") {
    node.operation = aliasFromSpec(spec.Get("unless"), name);
  } else {
    throw GraphpatchError("CorruptFileError",
                          "graph: node " + name + " has the unknown type \"" + type + "\"");
  }
  return node;
}

}  // namespace

std::shared_ptr<const Graph> graphFromSpec(const Napi::Object& spec) {
  const int32_t valueCount = toValueIndex(spec.Get("valueCount"), "valueCount");
  std::vector<GraphConstant> constants;
  const Napi::Array constantSpecs = toArray(spec.Get("constants"), "constants");
  for (uint32_t i = 0; i < constantSpecs.Length(); ++i) {
    const Napi::Object constant = toObject(constantSpecs.Get(i), "a constant");
    constants.push_back(
        {toValueIndex(constant.Get("value"), "a constant's value"), unwrapTensor(constant.Get("tensor"))});
  }
  std::vector<Node> nodes;
  const Napi::Array nodeSpecs = toArray(spec.Get("nodes"), "nodes");
  nodes.reserve(nodeSpecs.Length());
  for (uint32_t i = 0; i < nodeSpecs.Length(); ++i) {
    nodes.push_back(nodeFromSpec(toObject(nodeSpecs.Get(i), "a node")));
  }
  return std::make_shared<const Graph>(valueCount, toValueIndexes(spec.Get("inputs"), "inputs"),
                                       std::move(constants), std::move(nodes));
}

}  // namespace graphpatch
