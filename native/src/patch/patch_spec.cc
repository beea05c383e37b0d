#include "patch_spec.h"

#include <cmath>

#include "../errors/errors.h"
#include "../tensor/tensor_handle.h"

namespace graphpatch {

namespace {

using at::indexing::TensorIndex;

PatchKind kindFromName(const std::string& name) {
  if (name == "add") return PatchKind::Add;
  if (name == "replace") return PatchKind::Replace;
  if (name == "zero") return PatchKind::Zero;
  if (name == "scale") return PatchKind::Scale;
  if (name == "mean") return PatchKind::Mean;
  if (name == "project") return PatchKind::Project;
  if (name == "probe") return PatchKind::Probe;
  if (name == "record") return PatchKind::Record;
  if (name == "custom") return PatchKind::Custom;
  throw GraphpatchError("PatchError", "unknown kind of patch \"" + name + "\"");
}

std::optional<c10::SymInt> bound(const Napi::Object& range, const char* key) {
  const Napi::Value value = range.Get(key);
  if (!value.IsNumber()) return std::nullopt;
  return c10::SymInt(value.As<Napi::Number>().Int64Value());
}

TensorIndex indexFromJs(const Napi::Value& item) {
  if (item.IsNumber()) return TensorIndex(item.As<Napi::Number>().Int64Value());
  if (item.IsNull()) return TensorIndex(at::indexing::None);
  if (item.IsString()) return TensorIndex(at::indexing::Ellipsis);
  if (isTensor(item)) return TensorIndex(unwrapTensor(item));
  const Napi::Object range = item.As<Napi::Object>();
  return TensorIndex(at::indexing::Slice(bound(range, "start"), bound(range, "stop"), bound(range, "step")));
}

std::vector<TensorIndex> sliceFromJs(const Napi::Array& items) {
  std::vector<TensorIndex> slice;
  slice.reserve(items.Length());
  for (uint32_t i = 0; i < items.Length(); ++i) slice.push_back(indexFromJs(items.Get(i)));
  return slice;
}

}  // namespace

std::vector<int64_t> integersFromJs(const Napi::Value& list) {
  const Napi::Array array = list.As<Napi::Array>();
  std::vector<int64_t> integers;
  for (uint32_t i = 0; i < array.Length(); ++i)
    integers.push_back(array.Get(i).As<Napi::Number>().Int64Value());
  return integers;
}

c10::IValue valueFromJs(const Napi::Value& value, const std::string& what) {
  if (isTensor(value)) return unwrapTensor(value);
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (std::nearbyint(number) == number && std::abs(number) < 9007199254740992.0) {
      return static_cast<int64_t>(number);
    }
    return number;
  }
  throw GraphpatchError("ArgumentError", what + " must be a tensor or a number");
}

Patch patchFromSpec(const Napi::Object& spec) {
  Patch patch;
  patch.kind = kindFromName(spec.Get("kind").As<Napi::String>());
  patch.node = spec.Get("node").As<Napi::String>();
  const Napi::Value slice = spec.Get("slice");
  if (slice.IsArray()) {
    patch.slice = sliceFromJs(slice.As<Napi::Array>());
    patch.sliceText = spec.Get("sliceText").As<Napi::String>();
  }
  patch.keepGradient = spec.Get("keepGradient").ToBoolean();
  if (observes(patch.kind)) return patch;  // of which there may be thousands
  const Napi::Value value = spec.Get("value");
  if (!value.IsNull() && !value.IsUndefined())
    patch.value = valueFromJs(value, "the value of the patch at " + patch.node);
  const Napi::Value dims = spec.Get("dims");
  if (dims.IsArray()) patch.dims = integersFromJs(dims);
  const Napi::Value dim = spec.Get("dim");
  if (dim.IsNumber()) patch.dim = dim.As<Napi::Number>().Int64Value();
  patch.keep = spec.Get("keep").ToBoolean();
  const Napi::Value shape = spec.Get("shape");
  if (shape.IsArray()) patch.shape = integersFromJs(shape);
  const Napi::Value strides = spec.Get("strides");
  if (strides.IsArray()) patch.strides = integersFromJs(strides);
  return patch;
}

}  // namespace graphpatch
