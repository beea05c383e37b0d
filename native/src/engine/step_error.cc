#include "step_error.h"

#include <ATen/core/Tensor.h>

#include <sstream>
#include <string_view>

#include "../errors/errors.h"

namespace graphpatch {

namespace {

void describe(std::ostream& out, const c10::IValue& value) {
  if (value.isTensor() && value.toTensor().defined()) {
    out << c10::toString(value.toTensor().scalar_type()) << value.toTensor().sizes();
  } else if (value.isList()) {
    out << "[";
    const char* separator = "";
    for (const c10::IValue& item : value.toListRef()) {
      out << separator;
      describe(out, item);
      separator = ", ";
    }
    out << "]";
  } else {
    out << value;
  }
}

}  // namespace

void throwStepError(const Node& node, const c10::OperatorHandle& handle,
                    const std::vector<c10::IValue>& arguments, const c10::Error& error) {
  const std::string_view original = error.what_without_backtrace();
  if (isAllocationFailure(error))
    TORCH_CHECK_WITH(OutOfMemoryError, false, original, " It was asked for by ", handle.schema().name(),
                     " at node ", node.name, ".");
  std::ostringstream message;
  message << handle.schema().name() << " failed at node " << node.name;
  if (!node.code.empty()) message << " (" << node.code << ")";
  message << ": " << original << "\n  given:";
  for (size_t i = 0; i < arguments.size(); ++i) {
    message << (i == 0 ? " " : ", ") << handle.schema().arguments()[i].name() << " = ";
    describe(message, arguments[i]);
  }
  throw GraphpatchError("TorchError", message.str());
}

}  // namespace graphpatch
