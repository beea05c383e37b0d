#include "tensor/tensor_handle.h"

#include "addon_data.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

// The tensor that the constructor about to run shall hold. JavaScript code cannot hand over an at::Tensor,
// and an argument (a Napi::External) would cost an allocation for each operator result.
thread_local at::Tensor pendingTensor;

}  // namespace

Napi::Function TensorHandle::defineClass(Napi::Env env) { return DefineClass(env, "TensorHandle", {}); }

TensorHandle::TensorHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TensorHandle>(info) {
  if (!pendingTensor.defined()) {
    throw toJsError(info.Env(), std::make_exception_ptr(
                                    GraphpatchError("ArgumentError",
                                                    "new Tensor() makes no tensor: use torch.tensor(values), "
                                                    "torch.zeros(shape) or another function of torch")));
  }
  tensor_ = std::move(pendingTensor);
  pendingTensor = at::Tensor();
  AddonData::of(info.Env()).handles.add(info.Env(), this, tensor_);
}

TensorHandle::~TensorHandle() {
  AddonData* data = Env().GetInstanceData<AddonData>();
  if (data == nullptr) return;  // the environment is ending
  release();
  data->handles.forget(this);
}

void TensorHandle::release() {
  if (!tensor_.defined()) return;
  AddonData::of(Env()).handles.remove(Env(), this);
  tensor_ = at::Tensor();
}

Napi::Value wrapTensor(Napi::Env env, at::Tensor tensor) {
  if (!tensor.defined()) return env.Null();
  AddonData& data = AddonData::of(env);
  pendingTensor = std::move(tensor);
  const Napi::FunctionReference& constructor =
      data.tensorClass.IsEmpty() ? data.handleClass : data.tensorClass;
  return constructor.New({});
}

TensorHandle* tryHandleOf(const Napi::Value& value) {
  if (!value.IsObject()) return nullptr;
  void* wrapped = nullptr;
  if (napi_unwrap(value.Env(), value, &wrapped) != napi_ok) return nullptr;
  return AddonData::of(value.Env()).handles.knows(wrapped) ? static_cast<TensorHandle*>(wrapped) : nullptr;
}

TensorHandle& handleOf(const Napi::Value& value) {
  TensorHandle* handle = tryHandleOf(value);
  if (handle == nullptr) throw GraphpatchError("ArgumentError", "A Tensor is wanted here");
  return *handle;
}

bool isTensor(const Napi::Value& value) { return tryHandleOf(value) != nullptr; }

const at::Tensor& unwrapTensor(const Napi::Value& value) {
  const at::Tensor& tensor = handleOf(value).tensor();
  if (!tensor.defined()) {
    throw GraphpatchError(
        "DisposedTensorError",
        "This tensor was disposed: its memory is free again. Keep it with tidy's return value, "
        "or clone() what must live longer");
  }
  return tensor;
}

}  // namespace graphpatch
