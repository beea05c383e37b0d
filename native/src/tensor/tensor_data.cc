#include "tensor/tensor_data.h"

#include <ATen/Functions.h>

#include <cstring>
#include <string>

#include "errors/errors.h"
#include "tensor/dtypes.h"

namespace graphpatch {
namespace {

using at::ScalarType;

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

template <class Element>
Napi::Value copyOut(Napi::Env env, const at::Tensor& contiguous) {
  const size_t count = static_cast<size_t>(contiguous.numel());
  auto array = Napi::TypedArrayOf<Element>::New(env, count);
  if (count > 0) std::memcpy(array.Data(), contiguous.const_data_ptr(), count * sizeof(Element));
  return array;
}

ScalarType elementTypeOf(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return ScalarType::Float;
    case napi_float64_array:
      return ScalarType::Double;
    case napi_int8_array:
      return ScalarType::Char;
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return ScalarType::Byte;
    case napi_int16_array:
      return ScalarType::Short;
    case napi_uint16_array:
      return ScalarType::UInt16;
    case napi_int32_array:
      return ScalarType::Int;
    case napi_uint32_array:
      return ScalarType::UInt32;
    case napi_bigint64_array:
      return ScalarType::Long;
    case napi_biguint64_array:
      return ScalarType::UInt64;
    default:
      throw GraphpatchError("ArgumentError", "No dtype corresponds to this kind of typed array");
  }
}

}  // namespace

Napi::Value tensorToTypedArray(Napi::Env env, const at::Tensor& tensor) {
  if (tensor.is_meta()) {
    throw GraphpatchError("TorchError", "A tensor on the meta device has a shape and a dtype but no values");
  }
  at::Tensor values = tensor.detach();
  if (values.layout() != c10::kStrided) values = values.to_dense();
  // A gradient that is zero by its formula (of sgn, floor, …) has no memory until it is copied.
  if (values._is_zerotensor()) values = values.clone();
  if (values.is_complex()) values = at::view_as_real(values.resolve_conj());
  if (values.scalar_type() == ScalarType::Half || values.scalar_type() == ScalarType::BFloat16 ||
      (values.is_floating_point() && values.element_size() == 1)) {
    values = values.to(ScalarType::Float);
  }
  values = values.resolve_neg().cpu().contiguous();
  switch (values.scalar_type()) {
    case ScalarType::Float:
      return copyOut<float>(env, values);
    case ScalarType::Double:
      return copyOut<double>(env, values);
    case ScalarType::Long:
      return copyOut<int64_t>(env, values);
    case ScalarType::UInt64:
      return copyOut<uint64_t>(env, values);
    case ScalarType::Int:
      return copyOut<int32_t>(env, values);
    case ScalarType::UInt32:
      return copyOut<uint32_t>(env, values);
    case ScalarType::Short:
      return copyOut<int16_t>(env, values);
    case ScalarType::UInt16:
      return copyOut<uint16_t>(env, values);
    case ScalarType::Char:
      return copyOut<int8_t>(env, values);
    case ScalarType::Byte:
    case ScalarType::Bool:
      return copyOut<uint8_t>(env, values);
    default:
      throw GraphpatchError("DtypeError", "JavaScript has no typed array for " +
                                              std::string(dtypeName(values.scalar_type())) +
                                              ": convert first, for instance with .to(\"float32\")");
  }
}

at::Tensor typedArrayToTensor(const Napi::TypedArray& array, at::IntArrayRef shape, at::ScalarType dtype) {
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(elementTypeOf(array.TypedArrayType())));
  if (tensor.numel() != static_cast<int64_t>(array.ElementLength())) {
    throw GraphpatchError("ShapeError", "The shape holds " + std::to_string(tensor.numel()) +
                                            " elements, the data has " +
                                            std::to_string(array.ElementLength()));
  }
  if (array.ByteLength() > 0) {
    const auto* bytes = static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    std::memcpy(tensor.mutable_data_ptr(), bytes, array.ByteLength());
  }
  return tensor.to(dtype);
}

Napi::Value intToJs(Napi::Env env, int64_t value) {
  if (value > kMaxSafeInteger || value < -kMaxSafeInteger) return Napi::BigInt::New(env, value);
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value scalarToJs(Napi::Env env, const at::Scalar& scalar) {
  if (scalar.isBoolean()) return Napi::Boolean::New(env, scalar.toBool());
  if (scalar.type() == ScalarType::UInt64) {
    const uint64_t value = scalar.toUInt64();
    if (value > static_cast<uint64_t>(kMaxSafeInteger)) return Napi::BigInt::New(env, value);
    return Napi::Number::New(env, static_cast<double>(value));
  }
  if (scalar.isIntegral(/*includeBool=*/false)) return intToJs(env, scalar.toLong());
  if (scalar.isComplex()) {
    throw GraphpatchError("DtypeError",
                          "A complex number has no JavaScript value: read view_as_real(x) instead");
  }
  return Napi::Number::New(env, scalar.toDouble());
}

}  // namespace graphpatch
