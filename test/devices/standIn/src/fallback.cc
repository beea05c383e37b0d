// Every other operator: libtorch's own kernel for the processor, on copies there. Refused is what CUDA
// refuses.
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/CPUFallback.h>
#include <torch/library.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generators.h"

namespace standin {
namespace {

using at::Tensor;

// Operators of libtorch 2.15 that have a kernel for the processor and none for CUDA (its
// native_functions.yaml).
const std::set<std::string_view> kNotOnCuda{
    "aten::_add_relu",
    "aten::_add_relu_",
    "aten::_convert_weight_to_int4pack_for_cpu",
    "aten::_dyn_quant_matmul_4bit",
    "aten::_dyn_quant_pack_4bit_weight",
    "aten::_histogramdd_bin_edges",
    "aten::_histogramdd_from_bin_cts",
    "aten::_histogramdd_from_bin_tensors",
    "aten::_scaled_dot_product_flash_attention_for_cpu",
    "aten::_scaled_dot_product_flash_attention_for_cpu_backward",
    "aten::_spdiags",
    "aten::_upsample_lanczos2d_aa",
    "aten::_weight_int4pack_mm_for_cpu",
    "aten::histogram",
    "aten::mkldnn_rnn_layer",
    "aten::mkldnn_rnn_layer_backward",
    "aten::slow_conv3d_forward",
    "aten::to_mkldnn",
};

// Whose kernels there know floating-point numbers only.
const std::set<std::string_view> kProducts{
    "aten::addbmm", "aten::addmm", "aten::addmv", "aten::baddbmm", "aten::bmm",
    "aten::dot",    "aten::mm",    "aten::mv",    "aten::vdot",
};

// Which take indices, or values to copy, from elsewhere.
const std::set<std::string_view> kTakesOthers{
    "aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_", "aten::_index_put_impl",
};

void checkExists(const c10::OperatorHandle& op) {
  const std::string& name = op.schema().name();
  if (name.starts_with("aten::") && !kNotOnCuda.contains(name)) return;
  TORCH_CHECK_NOT_IMPLEMENTED(
      false, "Could not run '", op.operator_name(), "' with arguments from the 'CUDA' backend.",
      " This could be because the operator doesn't exist for this backend, or was omitted during the "
      "selective/custom build process (if using custom build).");
}

std::vector<Tensor> tensorsIn(c10::ArrayRef<c10::IValue> arguments) {
  std::vector<Tensor> tensors;
  for (const c10::IValue& argument : arguments) {
    if (argument.isTensor()) {
      tensors.push_back(argument.toTensor());
    } else if (argument.isTensorList()) {
      for (const Tensor& tensor : argument.toTensorVector()) tensors.push_back(tensor);
    } else if (argument.isOptionalTensorList()) {
      for (const auto& tensor : argument.toOptionalTensorVector())
        tensors.push_back(tensor.value_or(Tensor()));
    }
  }
  std::erase_if(tensors, [](const Tensor& tensor) { return !tensor.defined(); });
  return tensors;
}

// As CUDA's kernels do: single numbers may be the processor's.
void checkDevices(const std::string& name, const std::vector<Tensor>& tensors) {
  const Tensor* first = nullptr;
  for (const Tensor& tensor : tensors) {
    if (tensor.is_cpu() && (tensor.dim() == 0 || kTakesOthers.contains(name))) continue;
    if (first == nullptr) first = &tensor;
    TORCH_CHECK(first->device() == tensor.device(),
                "Expected all tensors to be on the same device, but found at least two devices, ",
                first->device(), " and ", tensor.device(),
                "! (when checking arguments in method wrapper_CUDA_", name.substr(name.find("::") + 2), ")");
  }
}

void checkDTypes(const std::string& name, const std::vector<Tensor>& tensors) {
  if (!kProducts.contains(name) || tensors.empty()) return;
  const Tensor& matrix = tensors.front();
  TORCH_CHECK_NOT_IMPLEMENTED(!c10::isIntegralType(matrix.scalar_type(), /*includeBool=*/true), "\"",
                              name.substr(name.find("::") + 2), "_cuda\" not implemented for '",
                              c10::toString(matrix.scalar_type()), "'");
}

void giveGenerator(const c10::OperatorHandle& op, torch::jit::Stack& stack, size_t first,
                   c10::DeviceIndex device) {
  const auto& arguments = op.schema().arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto optional = arguments[i].type()->cast<c10::OptionalType>();
    if (optional && optional->getElementType()->kind() == c10::TypeKind::GeneratorType &&
        stack[first + i].isNone())
      stack[first + i] = generatorOf(device);
  }
}

// CUDA's softmax takes half precision and gives float32; the processor's is given float32.
void widenSoftmax(const std::string& name, torch::jit::Stack& stack, size_t first) {
  if (name != "aten::_softmax" && name != "aten::_log_softmax") return;
  c10::IValue& halfToFloat = stack[first + 2];
  if (!halfToFloat.toBool()) return;
  stack[first] = stack[first].toTensor().to(at::kFloat);
  halfToFloat = false;
}

void onCpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  checkExists(op);
  const std::string& name = op.schema().name();
  const size_t count = op.schema().arguments().size();
  widenSoftmax(name, *stack, stack->size() - count);
  const std::vector<Tensor> tensors = tensorsIn(torch::jit::last(*stack, count));
  checkDevices(name, tensors);
  checkDTypes(name, tensors);
  giveGenerator(op, *stack, stack->size() - count, tensors.empty() ? -1 : tensors.front().device().index());
  at::native::cpu_fallback(op, stack, /*error_on_views=*/true);
}

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&onCpu>());
}

// Made of kernels that are CUDA's alone.
TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  for (const char* name : {"convolution_overrideable", "convolution", "convolution_backward"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&onCpu>());
}

}  // namespace
}  // namespace standin
