#include "tensor/dtypes.h"

#include <array>
#include <string>
#include <utility>

#include "errors/errors.h"

namespace graphpatch {
namespace {

using c10::ScalarType;

constexpr std::array<std::pair<std::string_view, ScalarType>, 20> kDtypes{{
    {"float32", ScalarType::Float},
    {"float64", ScalarType::Double},
    {"float16", ScalarType::Half},
    {"bfloat16", ScalarType::BFloat16},
    {"int64", ScalarType::Long},
    {"int32", ScalarType::Int},
    {"int16", ScalarType::Short},
    {"int8", ScalarType::Char},
    {"uint8", ScalarType::Byte},
    {"bool", ScalarType::Bool},
    {"uint16", ScalarType::UInt16},
    {"uint32", ScalarType::UInt32},
    {"uint64", ScalarType::UInt64},
    {"complex64", ScalarType::ComplexFloat},
    {"complex128", ScalarType::ComplexDouble},
    {"complex32", ScalarType::ComplexHalf},
    {"float8_e4m3fn", ScalarType::Float8_e4m3fn},
    {"float8_e5m2", ScalarType::Float8_e5m2},
    {"float8_e4m3fnuz", ScalarType::Float8_e4m3fnuz},
    {"float8_e5m2fnuz", ScalarType::Float8_e5m2fnuz},
}};

}  // namespace

std::string_view dtypeName(ScalarType type) {
  for (const auto& [name, candidate] : kDtypes) {
    if (candidate == type) return name;
  }
  return c10::toString(type);
}

std::optional<ScalarType> tryDtype(std::string_view name) {
  for (const auto& [candidate, type] : kDtypes) {
    if (candidate == name) return type;
  }
  return std::nullopt;
}

ScalarType dtypeOf(std::string_view name) {
  if (const auto type = tryDtype(name)) return *type;
  throw GraphpatchError("DtypeError", "Unknown dtype \"" + std::string(name) +
                                          "\": use one of PyTorch's names, such as \"float32\", \"float16\", "
                                          "\"bfloat16\", \"int64\", \"bool\"");
}

}  // namespace graphpatch
