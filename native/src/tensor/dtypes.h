// PyTorch's names of dtypes ("float32") and back.
#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <string_view>

namespace graphpatch {

std::string_view dtypeName(c10::ScalarType type);
std::optional<c10::ScalarType> tryDtype(std::string_view name);
// DtypeError for an unknown name.
c10::ScalarType dtypeOf(std::string_view name);

}  // namespace graphpatch
