#include "tensor/tensor_bytes.h"

#include <cstring>

#include "errors/errors.h"

namespace graphpatch {

int64_t dataAddress(const at::Tensor& tensor) {
  if (tensor.layout() != at::kStrided || !tensor.has_storage()) return -1;
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(tensor.const_data_ptr()));
}

void copyBytes(const at::Tensor& tensor, int64_t begin, uint8_t* target, size_t length) {
  if (!tensor.device().is_cpu() || tensor.layout() != at::kStrided || !tensor.is_contiguous() ||
      tensor.is_conj() || tensor.is_neg()) {
    throw GraphpatchError("ArgumentError", "only the bytes of a contiguous CPU tensor can be copied");
  }
  const size_t size = tensor.nbytes();
  if (begin < 0 || static_cast<size_t>(begin) > size || length > size - static_cast<size_t>(begin)) {
    throw GraphpatchError("ArgumentError", "bytes beyond the tensor's " + std::to_string(size));
  }
  if (length > 0) std::memcpy(target, static_cast<const uint8_t*>(tensor.const_data_ptr()) + begin, length);
}

}  // namespace graphpatch
