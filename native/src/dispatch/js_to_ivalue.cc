#include <ATen/ScalarOps.h>

#include <cmath>
#include <limits>
#include <string>

#include "cuda/cuda_library.h"
#include "dispatch/ivalue_js.h"
#include "errors/errors.h"
#include "tensor/dtypes.h"
#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

using c10::IValue;
using c10::TypeKind;

// A number without fraction counts as an integer, as JavaScript does not tell 2 from 2.0; negative zero keeps
// its sign.
bool isInteger(double number) {
  return std::trunc(number) == number && std::abs(number) < 9223372036854775808.0 &&
         !(number == 0 && std::signbit(number));
}

// The tracer's symbolic sizes, read through valueOf().
std::optional<double> symbolicNumber(const Napi::Value& value) {
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value mark = object.Get("isSymInt");
  if (!mark.IsBoolean() || !mark.As<Napi::Boolean>().Value()) return std::nullopt;
  const Napi::Value number = object.Get("valueOf").As<Napi::Function>().Call(object, {});
  if (!number.IsNumber()) return std::nullopt;
  return number.As<Napi::Number>().DoubleValue();
}

// number, bigint or symbolic size -> int or double.
bool readNumber(const Napi::Value& value, IValue& out) {
  double number = 0;
  switch (value.Type()) {
    case napi_number:
      number = value.As<Napi::Number>().DoubleValue();
      break;
    case napi_bigint: {
      bool lossless = false;
      const int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
      if (lossless) out = integer;
      return lossless;
    }
    case napi_object:
      if (const auto symbolic = symbolicNumber(value)) {
        number = *symbolic;
        break;
      }
      return false;
    default:
      return false;
  }
  if (isInteger(number)) {
    out = static_cast<int64_t>(number);
  } else {
    out = number;
  }
  return true;
}

Fit toInt(const Napi::Value& value, IValue& out) {
  if (!readNumber(value, out)) return Fit::refused;
  if (out.isInt()) return Fit::exact;
  if (out.toDouble() != 0) return Fit::refused;
  out = int64_t{0};  // negative zero
  return Fit::exact;
}

Fit toFloat(const Napi::Value& value, IValue& out) {
  if (!readNumber(value, out)) return Fit::refused;
  if (out.isDouble()) return Fit::exact;
  out = static_cast<double>(out.toInt());
  return Fit::widened;
}

// Scalar: number, boolean, or a one-element tensor that needs no gradient (as PyTorch's own parser has it).
Fit toScalar(const Napi::Value& value, IValue& out) {
  if (value.IsBoolean()) {
    out = value.As<Napi::Boolean>().Value();
    return Fit::exact;
  }
  if (const TensorHandle* handle = tryHandleOf(value)) {
    const at::Tensor& tensor = unwrapTensor(value);
    if (tensor.dim() != 0 || tensor.requires_grad() || tensor.is_meta()) return Fit::refused;
    out = handle->tensor().item();
    return Fit::unwrapped;
  }
  return readNumber(value, out) ? Fit::exact : Fit::refused;
}

Fit toTensor(const Napi::Value& value, IValue& out) {
  if (isTensor(value)) {
    out = unwrapTensor(value);
    return Fit::exact;
  }
  IValue number;
  if (value.IsBoolean()) {
    number = value.As<Napi::Boolean>().Value();
  } else if (!readNumber(value, number)) {
    return Fit::refused;
  }
  at::Tensor wrapped = c10::scalar_to_tensor(number.toScalar());
  wrapped.unsafeGetTensorImpl()->set_wrapped_number(true);
  out = std::move(wrapped);
  return Fit::wrapped;
}

Fit toDevice(const Napi::Value& value, IValue& out) {
  if (!value.IsString()) return Fit::refused;
  try {
    out = c10::Device(value.As<Napi::String>().Utf8Value());
  } catch (const c10::Error&) {
    return Fit::refused;
  }
  // PyTorch's own words for a missing GPU are two pages about dispatch keys.
  checkDevice(out.toDevice());
  return Fit::exact;
}

Fit toDtype(const Napi::Value& value, IValue& out) {
  if (!value.IsString()) return Fit::refused;
  const auto type = tryDtype(value.As<Napi::String>().Utf8Value());
  if (!type) return Fit::refused;
  out = *type;
  return Fit::exact;
}

Fit toLayout(const Napi::Value& value, IValue& out) {
  if (!value.IsString() || value.As<Napi::String>().Utf8Value() != "strided") return Fit::refused;
  out = c10::Layout::Strided;
  return Fit::exact;
}

Fit toMemoryFormat(const Napi::Value& value, IValue& out) {
  if (!value.IsString()) return Fit::refused;
  const std::string name = value.As<Napi::String>();
  for (const auto& [candidate, format] : {std::pair{"contiguous_format", c10::MemoryFormat::Contiguous},
                                          std::pair{"preserve_format", c10::MemoryFormat::Preserve},
                                          std::pair{"channels_last", c10::MemoryFormat::ChannelsLast},
                                          std::pair{"channels_last_3d", c10::MemoryFormat::ChannelsLast3d}}) {
    if (name != candidate) continue;
    out = format;
    return Fit::exact;
  }
  return Fit::refused;
}

// The worst fit of the items is the fit of the list.
template <class Item, class Convert>
Fit toList(const Napi::Array& array, c10::List<Item> list, Convert&& convert, IValue& out) {
  Fit worst = Fit::exact;
  const uint32_t length = array.Length();
  list.reserve(length);
  for (uint32_t i = 0; i < length; i++) {
    IValue item;
    const Fit fit = convert(array.Get(i), item);
    if (fit == Fit::refused) return fit;
    worst = std::max(worst, fit);
    list.push_back(item.to<Item>());
  }
  out = std::move(list);
  return worst;
}

Fit toGenericList(const Napi::Array& array, const c10::TypePtr& element, IValue& out) {
  Fit worst = Fit::exact;
  c10::impl::GenericList list(element);
  for (uint32_t i = 0; i < array.Length(); i++) {
    IValue item;
    const Fit fit = tryJsToIvalue(array.Get(i), *element, 0, item);
    if (fit == Fit::refused) return fit;
    worst = std::max(worst, fit);
    list.push_back(std::move(item));
  }
  out = std::move(list);
  return worst;
}

Fit toListOf(const Napi::Value& value, const c10::TypePtr& element, int32_t listSize, IValue& out) {
  const TypeKind kind = element->kind();
  const bool ints = kind == TypeKind::IntType || kind == TypeKind::SymIntType;
  const bool floats = kind == TypeKind::FloatType;
  if (!value.IsArray()) {
    if (listSize <= 0 || !(ints || floats)) return Fit::refused;
    IValue single;
    if ((ints ? toInt(value, single) : toFloat(value, single)) == Fit::refused) return Fit::refused;
    if (ints) {
      out = std::vector<int64_t>(static_cast<size_t>(listSize), single.toInt());
    } else {
      out = std::vector<double>(static_cast<size_t>(listSize), single.toDouble());
    }
    return Fit::broadcast;
  }
  const Napi::Array array = value.As<Napi::Array>();
  if (ints) return toList(array, c10::List<int64_t>(), toInt, out);
  if (floats) return toList(array, c10::List<double>(), toFloat, out);
  if (kind == TypeKind::TensorType) {
    return toList(
        array, c10::List<at::Tensor>(),
        [](const Napi::Value& item, IValue& tensor) {
          return isTensor(item) ? toTensor(item, tensor) : Fit::refused;
        },
        out);
  }
  return toGenericList(array, element, out);
}

// An argument of no declared type ("t"): the obvious value.
Fit toAnything(const Napi::Value& value, IValue& out) {
  if (value.IsString()) {
    out = value.As<Napi::String>().Utf8Value();
    return Fit::exact;
  }
  if (value.IsNull()) {
    out = IValue();
    return Fit::exact;
  }
  if (isTensor(value)) return toTensor(value, out);
  return toScalar(value, out);
}

}  // namespace

Fit tryJsToIvalue(const Napi::Value& value, const c10::Type& type, int32_t listSize, IValue& out) {
  switch (type.kind()) {
    case TypeKind::TensorType:
      return toTensor(value, out);
    case TypeKind::OptionalType:
      if (value.IsNull() || value.IsUndefined()) {
        out = IValue();
        return Fit::exact;
      }
      return tryJsToIvalue(value, *type.castRaw<c10::OptionalType>()->getElementType(), listSize, out);
    case TypeKind::NumberType:
      return toScalar(value, out);
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return toInt(value, out);
    case TypeKind::FloatType:
    case TypeKind::SymFloatType:
      return toFloat(value, out);
    case TypeKind::BoolType:
    case TypeKind::SymBoolType:
      if (!value.IsBoolean()) return Fit::refused;
      out = value.As<Napi::Boolean>().Value();
      return Fit::exact;
    case TypeKind::StringType:
      if (!value.IsString()) return Fit::refused;
      out = value.As<Napi::String>().Utf8Value();
      return Fit::exact;
    case TypeKind::DeviceObjType:
      return toDevice(value, out);
    case TypeKind::ScalarTypeType:
      return toDtype(value, out);
    case TypeKind::LayoutType:
      return toLayout(value, out);
    case TypeKind::MemoryFormatType:
      return toMemoryFormat(value, out);
    case TypeKind::ListType:
      return toListOf(value, type.castRaw<c10::ListType>()->getElementType(), listSize, out);
    case TypeKind::AnyType:
      return toAnything(value, out);
    default:
      return Fit::refused;
  }
}

}  // namespace graphpatch
