// Operators that decide where memory is: factories, copies, views. All others go through fallback.cc.
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "addresses.h"
#include "memory.h"
#include "streams.h"
#include "tensors.h"

namespace standin {

using at::Tensor;

Tensor asOnCpu(const Tensor& tensor) {
  if (tensor.is_cpu()) return tensor;
  const c10::Storage& storage = tensor.storage();
  const auto elements = static_cast<int64_t>(storage.nbytes() / tensor.element_size());
  const auto options = tensor.options().device(at::kCPU).requires_grad(false);
  if (elements == 0) return at::empty_strided(tensor.sizes(), tensor.strides(), options);
  Tensor same = at::from_blob(blockAt(storage.data()), {elements}, options)
                    .as_strided(tensor.sizes(), tensor.strides(), tensor.storage_offset());
  same._set_conj(tensor.is_conj());
  same._set_neg(tensor.is_neg());
  return same;
}

namespace {

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

c10::Device deviceOr(std::optional<at::Device> device) {
  const c10::Device wanted = device.value_or(at::Device(at::kCUDA));
  TORCH_CHECK(wanted.index() < kDevices, "CUDA error: invalid device ordinal");
  return wanted.has_index() ? wanted : at::Device(at::kCUDA, currentDevice());
}

Tensor empty(c10::IntArrayRef sizes, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
             std::optional<at::Device> device, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const c10::DeviceGuard guard(deviceOr(device));
  return at::detail::empty_generic(sizes, &allocator(), kKeys, dtype.value_or(at::kFloat), format);
}

Tensor emptyStrided(c10::IntArrayRef sizes, c10::IntArrayRef strides, std::optional<at::ScalarType> dtype,
                    std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
  const c10::DeviceGuard guard(deviceOr(device));
  return at::detail::empty_strided_generic(sizes, strides, &allocator(), kKeys, dtype.value_or(at::kFloat));
}

Tensor& copyTo(Tensor& to, const Tensor& from, bool nonBlocking) {
  const at::AutoDispatchBelowADInplaceOrView below;
  Tensor target = asOnCpu(to);
  if (nonBlocking && to.is_cpu()) {
    // Copied from what is there now: later kernels come after it in the stream.
    later([target, values = asOnCpu(from).clone()]() mutable { target.copy_(values); });
    if (target.is_floating_point()) target.fill_(std::numeric_limits<double>::quiet_NaN());
    return to;
  }
  target.copy_(asOnCpu(from));
  return to;
}

Tensor copyFrom(const Tensor& from, const Tensor& to, bool nonBlocking) {
  Tensor target = to;
  return copyTo(target, from, nonBlocking);
}

const Tensor& resize(const Tensor& self, c10::SymIntArrayRef symbolicSizes,
                     std::optional<at::MemoryFormat> format) {
  const c10::IntArrayRef sizes = C10_AS_INTARRAYREF_SLOW(symbolicSizes);
  c10::TensorImpl* tensor = self.unsafeGetTensorImpl();
  tensor->set_sizes_contiguous(sizes);
  if (format) tensor->empty_tensor_restride(*format);
  c10::StorageImpl* storage = self.storage().unsafeGetStorageImpl();
  const size_t bytes = (self.storage_offset() + self.numel()) * self.element_size();
  if (bytes <= storage->nbytes()) return self;
  const c10::DeviceGuard guard(self.device());
  c10::DataPtr larger = allocator().allocate(bytes);
  if (storage->nbytes() > 0) std::memcpy(blockAt(larger.get()), blockAt(storage->data()), storage->nbytes());
  storage->set_data_ptr(std::move(larger));
  storage->set_nbytes(bytes);
  return self;
}

Tensor copyFromAndResize(const Tensor& from, const Tensor& to) {
  if (to.sizes() != from.sizes()) resize(to, c10::fromIntArrayRefSlow(from.sizes()), std::nullopt);
  return copyFrom(from, to, /*nonBlocking=*/false);
}

Tensor view(const Tensor& tensor, c10::SymIntArrayRef sizes) {
  return at::native::view(tensor, C10_AS_INTARRAYREF_SLOW(sizes));
}

Tensor reshapeAlias(const Tensor& tensor, c10::SymIntArrayRef sizes, c10::SymIntArrayRef strides) {
  return at::native::_reshape_alias(tensor, C10_AS_INTARRAYREF_SLOW(sizes), C10_AS_INTARRAYREF_SLOW(strides));
}

Tensor asStrided(const Tensor& tensor, c10::SymIntArrayRef sizes, c10::SymIntArrayRef strides,
                 std::optional<c10::SymInt> offset) {
  const std::optional<int64_t> number = offset ? std::optional(offset->expect_int()) : std::nullopt;
  return at::native::as_strided_tensorimpl(tensor, C10_AS_INTARRAYREF_SLOW(sizes),
                                           C10_AS_INTARRAYREF_SLOW(strides), number);
}

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", emptyStrided);
  library.impl("copy_", copyTo);
  library.impl("_copy_from", copyFrom);
  library.impl("_copy_from_and_resize", copyFromAndResize);
  library.impl("resize_", resize);
  library.impl("view", view);
  library.impl("_reshape_alias", reshapeAlias);
  library.impl("as_strided", asStrided);
  library.impl("unfold", at::native::unfold);
  library.impl("view_as_real", at::native::view_as_real);
  library.impl("view_as_complex", at::native::view_as_complex);
}

}  // namespace
}  // namespace standin
