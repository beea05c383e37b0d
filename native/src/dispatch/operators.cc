#include "dispatch/operators.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "dispatch/closest_names.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

bool mentionsDimname(const c10::FunctionSchema& schema) {
  for (const c10::Argument& argument : schema.arguments()) {
    const std::string& name = argument.name();
    if (name == "names" || name == "dimnames") return true;
  }
  return schema.overload_name().find("Dimname") != std::string::npos ||
         schema.overload_name().find("dimname") != std::string::npos ||
         schema.overload_name().find("names") != std::string::npos;
}

bool writesToOut(const c10::FunctionSchema& schema) {
  return std::any_of(schema.arguments().begin(), schema.arguments().end(), [](const c10::Argument& argument) {
    return argument.kwarg_only() && argument.alias_info() != nullptr && argument.alias_info()->isWrite();
  });
}

// PyTorch's Python bindings leave these out too: a number becomes a wrapped tensor of the Tensor overload.
bool hiddenScalarVariant(const c10::FunctionSchema& schema) {
  if (schema.overload_name() != "Scalar") return false;
  static const std::vector<std::string> names{"aten::add",  "aten::sub",  "aten::mul",  "aten::div",
                                              "aten::add_", "aten::sub_", "aten::mul_", "aten::div_"};
  return std::find(names.begin(), names.end(), schema.name()) != names.end();
}

bool isIntList(const c10::TypePtr& type) {
  if (type->kind() != c10::TypeKind::ListType) return false;
  const c10::TypeKind element = type->castRaw<c10::ListType>()->getElementType()->kind();
  return element == c10::TypeKind::IntType || element == c10::TypeKind::SymIntType;
}

// Groups live as long as the process: operators are never unloaded while a session runs.
class OperatorTable {
 public:
  static OperatorTable& instance() {
    static OperatorTable table;
    return table;
  }

  // nullptr when there is no such operator.
  const OperatorGroup* tryFind(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = groups_.find(name);
    if (found != groups_.end()) return found->second.get();
    const std::string qualified = qualifiedName(name);
    if (overloadNames_.find(qualified) == overloadNames_.end())
      readNames();  // a library may have been loaded since
    const auto names = overloadNames_.find(qualified);
    if (names == overloadNames_.end()) return nullptr;
    auto group = std::make_unique<OperatorGroup>();
    group->name = qualified;
    for (const std::string& overload : names->second) {
      const auto handle = c10::Dispatcher::singleton().findSchema({qualified, overload});
      if (handle) group->overloads.emplace_back(*handle);
    }
    if (group->overloads.empty()) return nullptr;
    return groups_.emplace(name, std::move(group)).first->second.get();
  }

  std::vector<std::string> names() {
    const std::lock_guard lock(mutex_);
    readNames();
    std::vector<std::string> result;
    for (const auto& [name, overloads] : overloadNames_) result.push_back(name);
    return result;
  }

 private:
  void readNames() {
    overloadNames_.clear();
    for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
      overloadNames_[name.name].push_back(name.overload_name);
    }
    for (auto& [name, overloads] : overloadNames_) std::sort(overloads.begin(), overloads.end());
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> overloadNames_;
  std::unordered_map<std::string, std::unique_ptr<OperatorGroup>> groups_;
};

}  // namespace

Overload::Overload(c10::OperatorHandle operatorHandle)
    : handle(std::move(operatorHandle)), schema(handle.schema()) {
  const auto& arguments = schema.arguments();
  while (positional < arguments.size() && !arguments[positional].kwarg_only()) positional++;
  const size_t first = !arguments.empty() && arguments[0].name() == "self" ? 1 : 0;
  takesVarargs = positional == first + 1 && isIntList(arguments[first].real_type());
  writes = schema.is_mutable();
  selectable = !writesToOut(schema) && !mentionsDimname(schema) && !hiddenScalarVariant(schema);
}

std::string qualifiedName(const std::string& name) {
  return name.find("::") == std::string::npos ? "aten::" + name : name;
}

const OperatorGroup& findGroup(const std::string& name) {
  OperatorTable& table = OperatorTable::instance();
  if (const OperatorGroup* group = table.tryFind(name)) return *group;
  std::string message = "There is no operator \"" + name + "\"";
  const std::string hints = closestNames(qualifiedName(name), table.names());
  if (!hints.empty()) message += ": did you mean " + hints + "?";
  throw GraphpatchError("UnknownOperatorError", message);
}

const Overload& findOverload(const OperatorGroup& group, const std::string& overload) {
  std::string names;
  for (const Overload& candidate : group.overloads) {
    const std::string& name = candidate.schema.overload_name();
    if (name == overload || (name.empty() && overload == "default")) return candidate;
    names += (names.empty() ? "\"" : ", \"") + name + "\"";
  }
  throw GraphpatchError("UnknownOperatorError",
                        "Operator " + group.name + " has no overload \"" + overload + "\"; it has " + names);
}

c10::OperatorHandle findOperator(const std::string& name, const std::string& overload) {
  return findOverload(findGroup(name), overload).handle;
}

std::vector<std::string> operatorNames() { return OperatorTable::instance().names(); }

}  // namespace graphpatch
