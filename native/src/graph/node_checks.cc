#include "node_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "../errors/errors.h"
#include "graph.h"

namespace graphpatch {

namespace {

// What is known of a value without running the graph.
enum class ValueKind { Unknown, Tensor, Number };

[[noreturn]] void refuse(const Node& node, const std::string& problem) {
  throw GraphpatchError("CorruptFileError", "graph: node " + node.name + " " + problem);
}

bool isValue(const Argument& argument) { return argument.kind == Argument::Kind::Value; }

ValueKind kindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return ValueKind::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return ValueKind::Number;
    default:
      return ValueKind::Unknown;
  }
}

// Whether a value of this kind can stand where an operator takes `type`. A number becomes a tensor where one
// is wanted.
bool fits(ValueKind kind, c10::TypePtr type) {
  if (const auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return true;
    case c10::TypeKind::AnyType:
      return true;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::NumberType:
      return kind != ValueKind::Tensor;
    default:
      return kind == ValueKind::Unknown;
  }
}

void checkArguments(const Node& node, const c10::FunctionSchema& schema,
                    const std::vector<ValueKind>& kinds) {
  const auto check = [&](size_t position, ValueIndex value, const c10::TypePtr& type) {
    if (fits(kinds[value], type)) return;
    const std::string given = kinds[value] == ValueKind::Tensor ? "gives a tensor" : "gives a number";
    refuse(node, given + " as argument " + schema.arguments()[position].name() + " of " + schema.name() +
                     ", which takes " + type->str());
  };
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    const Argument& argument = node.arguments[i];
    if (isValue(argument)) check(i, argument.value, argument.type);
    if (argument.kind != Argument::Kind::List) continue;
    for (const ListElement& element : argument.list) {
      if (const ValueIndex* value = std::get_if<ValueIndex>(&element)) check(i, *value, argument.type);
    }
  }
}

// Kinds of an operator's results. One that returns a list gives its elements.
void markResults(const Node& node, const c10::FunctionSchema& schema, std::vector<ValueKind>& kinds) {
  const std::vector<c10::Argument>& returns = schema.returns();
  const auto list = returns.size() == 1 ? returns[0].real_type()->cast<c10::ListType>() : nullptr;
  if (!list && node.results.size() > returns.size()) {
    refuse(node, "has " + std::to_string(node.results.size()) + " results, but " + schema.name() + " gives " +
                     std::to_string(returns.size()));
  }
  for (size_t i = 0; i < node.results.size(); ++i) {
    kinds[node.results[i]] = kindOf(list ? list->getElementType() : returns[i].real_type());
  }
}

void checkNumberCall(const Node& node, NumberOp op, std::vector<ValueKind>& kinds) {
  const size_t wanted = operandCount(op);
  if ((wanted != 0 && node.arguments.size() != wanted) || node.results.size() != 1) {
    refuse(node, "must have " + std::to_string(wanted) + " arguments and one result");
  }
  for (size_t i = 0; i < node.arguments.size(); ++i) {
    const Argument& argument = node.arguments[i];
    const bool wantsTensor = isOfTensor(op) && i == 0;
    const ValueKind kind = isValue(argument) ? kinds[argument.value] : ValueKind::Number;
    if (argument.kind == Argument::Kind::List ||
        kind == (wantsTensor ? ValueKind::Number : ValueKind::Tensor)) {
      const std::string wantedKind = wantsTensor ? "must have a tensor" : "must have a number";
      refuse(node, wantedKind + " as argument " + std::to_string(i));
    }
  }
  kinds[node.results[0]] = ValueKind::Number;
}

ValueKind kindOf(const Argument& argument, const std::vector<ValueKind>& kinds) {
  if (argument.kind == Argument::Kind::List) return ValueKind::Unknown;
  return isValue(argument) ? kinds[argument.value] : ValueKind::Number;
}

bool hasList(const Node& node) {
  return std::any_of(node.arguments.begin(), node.arguments.end(),
                     [](const Argument& argument) { return argument.kind == Argument::Kind::List; });
}

// What a loop carries may be of another kind in each round; whoever uses it looks.
void checkLoop(const Node& node, std::vector<ValueKind>& kinds) {
  if (node.results.size() != node.arguments.size() + 1 || hasList(node)) {
    refuse(node, "must carry as many values as it is given");
  }
  kinds[node.results[0]] = ValueKind::Number;
}

void checkRepeat(const Node& node, const Node& loop, std::vector<ValueKind>& kinds) {
  const size_t carried = loop.arguments.size();
  if (node.results.size() < carried || node.arguments.size() != carried + node.results.size() ||
      hasList(node)) {
    refuse(node, "does not give back what its loop carries");
  }
  for (size_t i = carried; i < node.results.size(); ++i) kinds[node.results[i]] = ValueKind::Tensor;
}

}  // namespace

void checkNodes(const Graph& graph) {
  std::vector<ValueKind> kinds(graph.valueCount(), ValueKind::Unknown);
  for (const GraphConstant& constant : graph.constants()) kinds[constant.value] = ValueKind::Tensor;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (const auto* call = std::get_if<OperatorCall>(&node.operation)) {
      checkArguments(node, call->handle.schema(), kinds);
      markResults(node, call->handle.schema(), kinds);
    } else if (const auto* number = std::get_if<NumberCall>(&node.operation)) {
      checkNumberCall(node, number->op, kinds);
    } else if (std::holds_alternative<Merge>(node.operation)) {
      const Argument& condition = node.arguments[0];
      if (!isValue(condition) || kinds[condition.value] == ValueKind::Tensor) {
        refuse(node, "must choose by a boolean");
      }
      const ValueKind kind = kindOf(node.arguments[1], kinds);
      if (kind == kindOf(node.arguments[2], kinds)) kinds[node.results[0]] = kind;
    } else if (std::holds_alternative<Loop>(node.operation)) {
      checkLoop(node, kinds);
    } else if (std::holds_alternative<Repeat>(node.operation)) {
      checkRepeat(node, graph.nodes()[graph.loops()[graph.loopOf(i)].begin], kinds);
    } else if (std::holds_alternative<JavascriptCall>(node.operation)) {
      for (ValueIndex result : node.results) kinds[result] = ValueKind::Tensor;
    } else {
      const bool isAlias = std::holds_alternative<Alias>(node.operation);
      if (node.arguments.size() != 1 || !isValue(node.arguments[0]) ||
          node.results.size() != (isAlias ? 1 : 0)) {
        refuse(node, isAlias ? "must name one value and make one" : "must look at one value and make none");
      }
      const ValueKind kind = kinds[node.arguments[0].value];
      if (isAlias) {
        const ValueIndex other = std::get<Alias>(node.operation).other;
        const ValueKind otherKind = other < 0 ? kind : kinds[other];
        if (kind != otherKind && kind != ValueKind::Unknown && otherKind != ValueKind::Unknown) {
          refuse(node, "must name a tensor or a number, whatever is patched");
        }
        kinds[node.results[0]] = kind == otherKind ? kind : ValueKind::Unknown;
      } else if (kind == ValueKind::Tensor) {
        refuse(node, "must look at a number");
      }
    }
  }
}

}  // namespace graphpatch
