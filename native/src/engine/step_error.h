#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <vector>

#include "../graph/graph.h"

namespace graphpatch {

// Rethrows an operator's error with the node's name, its source line and what it was given.
[[noreturn]] void throwStepError(const Node& node, const c10::OperatorHandle& handle,
                                 const std::vector<c10::IValue>& arguments, const c10::Error& error);

}  // namespace graphpatch
