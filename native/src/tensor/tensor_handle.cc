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
  isShared_ = false;
}

void TensorHandle::share() {
  if (!tensor_.has_storage()) return;
  isShared_ = true;
  AddonData::of(Env()).handles.addSharer(tensor_.storage().unsafeGetStorageImpl(), this);
}

const at::Tensor& TensorHandle::own() {
  if (!isShared_) return tensor_;
  HandleRegistry& handles = AddonData::of(Env()).handles;
  handles.removeSharer(tensor_.storage().unsafeGetStorageImpl(), this);
  isShared_ = false;
  if (tensor_.storage().use_count() == 1) return tensor_;  // the others are gone
  at::Tensor copy = tensor_.clone();
  handles.remove(Env(), this);
  tensor_ = std::move(copy);
  handles.add(Env(), this, tensor_);
  return tensor_;
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

namespace {

void checkAlive(const at::Tensor& tensor) {
  if (tensor.defined()) return;
  throw GraphpatchError(
      "DisposedTensorError",
      "This tensor was disposed: its memory is free again. Keep it with tidy's return value, "
      "or clone() what must live longer");
}

}  // namespace

const at::Tensor& unwrapTensor(const Napi::Value& value) {
  const at::Tensor& tensor = handleOf(value).own();
  checkAlive(tensor);
  return tensor;
}

const at::Tensor& tensorToRead(const Napi::Value& value) {
  const at::Tensor& tensor = handleOf(value).tensor();
  checkAlive(tensor);
  return tensor;
}

}  // namespace graphpatch
