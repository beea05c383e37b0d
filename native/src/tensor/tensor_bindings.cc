#include "tensor/tensor_bindings.h"

#include <ATen/Context.h>

#include <string>
#include <vector>

#include "addon_data.h"
#include "errors/errors.h"
#include "tensor/dtypes.h"
#include "tensor/tensor_bytes.h"
#include "tensor/tensor_data.h"
#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

Napi::Value toArray(Napi::Env env, at::IntArrayRef values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); i++) {
    array.Set(static_cast<uint32_t>(i), Napi::Number::New(env, static_cast<double>(values[i])));
  }
  return array;
}

Napi::Value shape(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return toArray(info.Env(), tensorToRead(info[0]).sizes()); });
}

Napi::Value strides(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return toArray(info.Env(), tensorToRead(info[0]).strides()); });
}

Napi::Value isContiguous(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), tensorToRead(info[0]).is_contiguous()); });
}

Napi::Value sizeAt(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const at::Tensor& tensor = tensorToRead(info[0]);
    return Napi::Number::New(info.Env(),
                             static_cast<double>(tensor.size(info[1].As<Napi::Number>().Int64Value())));
  });
}

Napi::Value dim(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(tensorToRead(info[0]).dim()));
  });
}

Napi::Value numel(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(tensorToRead(info[0]).numel()));
  });
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const std::string_view name = dtypeName(tensorToRead(info[0]).scalar_type());
    return Napi::String::New(info.Env(), name.data(), name.size());
  });
}

Napi::Value device(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Napi::String::New(info.Env(), tensorToRead(info[0]).device().str());
  });
}

Napi::Value item(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return scalarToJs(info.Env(), tensorToRead(info[0]).item()); });
}

Napi::Value data(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return tensorToTypedArray(info.Env(), tensorToRead(info[0])); });
}

// fromData(typedArray, shape, dtype)
Napi::Value fromData(const Napi::CallbackInfo& info) {
  return guarded(info, [&] {
    const Napi::Array sizes = info[1].As<Napi::Array>();
    std::vector<int64_t> wanted(sizes.Length());
    for (uint32_t i = 0; i < sizes.Length(); i++) wanted[i] = sizes.Get(i).As<Napi::Number>().Int64Value();
    const std::string name = info[2].As<Napi::String>();
    return wrapTensor(info.Env(), typedArrayToTensor(info[0].As<Napi::TypedArray>(), wanted, dtypeOf(name)));
  });
}

Napi::Value dataAddressOf(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(dataAddress(unwrapTensor(info[0]))));
  });
}

// copyBytes(tensor, begin, target: Uint8Array)
void copyBytesTo(const Napi::CallbackInfo& info) {
  guarded(info, [&] {
    auto target = info[2].As<Napi::Uint8Array>();
    copyBytes(unwrapTensor(info[0]), info[1].As<Napi::Number>().Int64Value(), target.Data(),
              target.ByteLength());
  });
}

// Seeds the default generator, as torch.manual_seed does.
void manualSeed(const Napi::CallbackInfo& info) {
  guarded(info, [&] { at::manual_seed(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value())); });
}

}  // namespace

void initTensor(Napi::Env env, Napi::Object exports) {
  AddonData& addon = AddonData::of(env);
  const Napi::Function handleClass = TensorHandle::defineClass(env);
  addon.handleClass = Napi::Persistent(handleClass);
  exports.Set("TensorHandle", handleClass);
  exports.Set("setTensorClass", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                AddonData::of(info.Env()).tensorClass = Napi::Persistent(info[0].As<Napi::Function>());
              }));
  exports.Set("isTensor", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), isTensor(info[0]));
              }));
  exports.Set("shape", Napi::Function::New(env, shape));
  exports.Set("strides", Napi::Function::New(env, strides));
  exports.Set("isContiguous", Napi::Function::New(env, isContiguous));
  exports.Set("sizeAt", Napi::Function::New(env, sizeAt));
  exports.Set("dim", Napi::Function::New(env, dim));
  exports.Set("numel", Napi::Function::New(env, numel));
  exports.Set("dtype", Napi::Function::New(env, dtype));
  exports.Set("device", Napi::Function::New(env, device));
  exports.Set("item", Napi::Function::New(env, item));
  exports.Set("data", Napi::Function::New(env, data));
  exports.Set("fromData", Napi::Function::New(env, fromData));
  exports.Set("dataAddress", Napi::Function::New(env, dataAddressOf));
  exports.Set("copyBytes", Napi::Function::New(env, copyBytesTo));
  exports.Set("manualSeed", Napi::Function::New(env, manualSeed));
}

}  // namespace graphpatch
