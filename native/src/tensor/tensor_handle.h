// The JavaScript object that holds an at::Tensor.
//
// A handle owns one reference to its tensor; C++ that needs the tensor beyond the current callback copies the
// at::Tensor (a reference count), so disposing a handle never takes memory from running work. JavaScript
// thread only.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include "memory/handle_registry.h"

namespace graphpatch {

class TensorHandle : public Napi::ObjectWrap<TensorHandle>, public MemorySharer {
 public:
  static Napi::Function defineClass(Napi::Env env);

  explicit TensorHandle(const Napi::CallbackInfo& info);
  ~TensorHandle() override;
  TensorHandle(const TensorHandle&) = delete;
  TensorHandle& operator=(const TensorHandle&) = delete;

  // To look at shape, dtype, strides; undefined once disposed. Its memory may be shared: see share().
  const at::Tensor& tensor() const { return tensor_; }
  // The tensor with memory that nobody else writes to.
  const at::Tensor& own();
  // The tensor's memory belongs to others, too (a probe's value to the run, to other probes, to a weight): it
  // is copied when the tensor is first used, or before one of the others is written to. Most probes are never
  // read, so most copies are never made.
  void share();
  bool isShared() const { return isShared_; }
  void separate(const c10::StorageImpl*) override { own(); }
  bool isCollected() const { return Value().IsEmpty(); }
  void release();
  HandleLink& link() { return link_; }

 private:
  at::Tensor tensor_;
  HandleLink link_;
  bool isShared_ = false;
};

// A new JS `Tensor`; an undefined tensor becomes null.
Napi::Value wrapTensor(Napi::Env env, at::Tensor tensor);
// Any TensorHandle, disposed or not.
bool isTensor(const Napi::Value& value);
// Throws ArgumentError for what is no tensor, DisposedTensorError after dispose().
const at::Tensor& unwrapTensor(const Napi::Value& value);
// The same, to read shape, dtype and values at once, and not to keep.
const at::Tensor& tensorToRead(const Napi::Value& value);
// The handle of a tensor, disposed or not; ArgumentError for anything else.
TensorHandle& handleOf(const Napi::Value& value);
// As handleOf; nullptr for anything else.
TensorHandle* tryHandleOf(const Napi::Value& value);

}  // namespace graphpatch
