#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/ScalarType.h>

#include <optional>

namespace graphpatch {

// An operator of the dispatcher, called boxed.
struct OperatorCall {
  c10::OperatorHandle handle;
  // Called inside of torch.autocast("cpu") with this dtype: operators made of others (einsum, lstm), which
  // convert as each of those does.
  std::optional<c10::ScalarType> autocast = std::nullopt;

  void call(torch::jit::Stack& stack) const;
};

}  // namespace graphpatch
