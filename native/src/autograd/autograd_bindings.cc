#include "autograd/autograd_bindings.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "async/engine_thread.h"
#include "autograd/cancellable_backward.h"
#include "errors/errors.h"
#include "tensor/tensor_handle.h"

namespace graphpatch {
namespace {

// Names external pointers that are cancel flags, so that another one cannot be mistaken for it.
constexpr napi_type_tag kCancelFlagTag{0x63616e63656c0001, 0x9d2f47b1c05e8a36};

// newCancelFlag(): an opaque object for backward() and setCancelFlag()
Napi::Value newCancelFlag(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    auto flag = Napi::External<CancelFlag>::New(info.Env(),
                                                new CancelFlag(std::make_shared<std::atomic<bool>>(false)),
                                                [](Napi::Env, CancelFlag* pointer) { delete pointer; });
    flag.TypeTag(&kCancelFlagTag);
    return flag;
  });
}

const CancelFlag& cancelFlagOf(const Napi::Value& value) {
  if (!value.IsExternal() || !value.As<Napi::External<CancelFlag>>().CheckTypeTag(&kCancelFlagTag)) {
    throw GraphpatchError("ArgumentError", "expected a cancel flag");
  }
  return *value.As<Napi::External<CancelFlag>>().Data();
}

void setCancelFlag(const Napi::CallbackInfo& info) {
  guarded(info, [&] { cancelFlagOf(info[0])->store(true, std::memory_order_relaxed); });
}

// backward(tensor, gradient | null, retainGraph, cancel flag | null): Promise<void>
Napi::Value backward(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const at::Tensor tensor = unwrapTensor(info[0]);
    const at::Tensor gradient = info[1].IsNull() ? at::Tensor() : unwrapTensor(info[1]);
    const bool retainGraph = info[2].As<Napi::Boolean>().Value();
    const CancelFlag flag = info[3].IsNull() ? nullptr : cancelFlagOf(info[3]);
    return runOnEngine(info.Env(), [tensor, gradient, retainGraph, flag]() -> Finish {
      if (flag)
        cancellableBackward(tensor, gradient, retainGraph, flag);
      else
        torch::autograd::backward({tensor}, {gradient}, retainGraph);
      return [](Napi::Env env) { return env.Undefined(); };
    });
  });
}

Napi::Value grad(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return wrapTensor(info.Env(), unwrapTensor(info[0]).grad()); });
}

void setGrad(const Napi::CallbackInfo& info) {
  guarded(info, [&] {
    const at::Tensor& tensor = unwrapTensor(info[0]);
    if (info[1].IsNull()) {
      tensor.mutable_grad().reset();
      return;
    }
    const at::Tensor& value = unwrapTensor(info[1]);
    if (!value.sizes().equals(tensor.sizes()) || value.scalar_type() != tensor.scalar_type()) {
      throw GraphpatchError("ShapeError", "A gradient has the shape and dtype of its tensor");
    }
    tensor.mutable_grad() = value;
  });
}

Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), unwrapTensor(info[0]).requires_grad()); });
}

void setRequiresGrad(const Napi::CallbackInfo& info) {
  guarded(info, [&] {
    const at::Tensor& tensor = unwrapTensor(info[0]);
    const bool wanted = info[1].As<Napi::Boolean>().Value();
    if (!tensor.is_leaf() && !wanted) {
      throw GraphpatchError(
          "TorchError",
          "you can only change requires_grad flags of leaf variables. If you want to use a computed "
          "variable in a subgraph that doesn't require differentiation use x.detach()");
    }
    if (tensor.is_leaf()) tensor.requires_grad_(wanted);
  });
}

void retainGrad(const Napi::CallbackInfo& info) {
  guarded(info, [&] { unwrapTensor(info[0]).retain_grad(); });
}

Napi::Value isLeaf(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Boolean::New(info.Env(), unwrapTensor(info[0]).is_leaf()); });
}

Napi::Value version(const Napi::CallbackInfo& info) {
  return guarded(info, [&] { return Napi::Number::New(info.Env(), unwrapTensor(info[0])._version()); });
}

// The name of the function that made the tensor ("AddBackward0"), null for a leaf.
Napi::Value gradFn(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto& function = unwrapTensor(info[0]).grad_fn();
    if (!function) return info.Env().Null();
    return Napi::String::New(info.Env(), function->name());
  });
}

}  // namespace

void initAutograd(Napi::Env env, Napi::Object exports) {
  exports.Set("newCancelFlag", Napi::Function::New(env, newCancelFlag));
  exports.Set("setCancelFlag", Napi::Function::New(env, setCancelFlag));
  exports.Set("backward", Napi::Function::New(env, backward));
  exports.Set("grad", Napi::Function::New(env, grad));
  exports.Set("setGrad", Napi::Function::New(env, setGrad));
  exports.Set("requiresGrad", Napi::Function::New(env, requiresGrad));
  exports.Set("setRequiresGrad", Napi::Function::New(env, setRequiresGrad));
  exports.Set("retainGrad", Napi::Function::New(env, retainGrad));
  exports.Set("isLeaf", Napi::Function::New(env, isLeaf));
  exports.Set("version", Napi::Function::New(env, version));
  exports.Set("gradFn", Napi::Function::New(env, gradFn));
}

}  // namespace graphpatch
