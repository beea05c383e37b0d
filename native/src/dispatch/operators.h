// PyTorch's operators by name.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string>
#include <vector>

namespace graphpatch {

// One overload with what every call needs to know of its schema.
struct Overload {
  explicit Overload(c10::OperatorHandle operatorHandle);

  c10::OperatorHandle handle;
  const c10::FunctionSchema& schema;
  size_t positional = 0;      // arguments that may be given by position
  bool takesVarargs = false;  // x.view(2, 3) for x.view([2, 3])
  bool writes = false;        // changes one of its arguments
  bool selectable =
      true;  // not for out= and named-dimension variants, which only an explicit overload name reaches
};

// All overloads of a name such as "aten::add", in the order in which equally good fits are preferred.
struct OperatorGroup {
  std::string name;
  std::vector<Overload> overloads;
};

// name "aten::add" (a bare "add" means aten), overload "Tensor" or ""; UnknownOperatorError with the closest
// names.
c10::OperatorHandle findOperator(const std::string& name, const std::string& overload);

// The group of "add" or "aten::add"; cached. UnknownOperatorError with the closest names.
const OperatorGroup& findGroup(const std::string& name);

// The overload of a group; UnknownOperatorError naming those there are.
const Overload& findOverload(const OperatorGroup& group, const std::string& overload);

// "aten::add" of "add"; a name with a namespace stays as it is.
std::string qualifiedName(const std::string& name);

// Names of all operators with a schema, "aten::add" for instance, each once.
std::vector<std::string> operatorNames();

}  // namespace graphpatch
