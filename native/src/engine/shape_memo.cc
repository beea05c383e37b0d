#include "shape_memo.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

namespace graphpatch {

namespace {

// Inputs of how many shapes are remembered, and bytes for each: a mask of 2,048 × 2,048 floats has 16 MB.
constexpr size_t kEntries = 4;
constexpr size_t kBytes = 32 << 20;

bool isSame(const c10::IValue& value, uint32_t version) {
  return !value.isTensor() || value.toTensor()._version() == version;
}

}  // namespace

bool ShapeMemo::recall(const Key& key, const std::vector<ValueIndex>& wanted,
                       std::vector<c10::IValue>& frame) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
  if (found == entries_.end()) return false;
  for (ValueIndex value : wanted) {
    const auto kept = found->values.find(value);
    if (kept == found->values.end()) return false;
    if (!isSame(kept->second.value, kept->second.version)) {
      entries_.erase(found);
      return false;
    }
  }
  for (ValueIndex value : wanted) frame[value] = found->values.at(value).value;
  entries_.splice(entries_.begin(), entries_, found);
  return true;
}

void ShapeMemo::remember(const Key& key, const std::vector<ValueIndex>& values,
                         const std::vector<c10::IValue>& frame) {
  auto entry = std::find_if(entries_.begin(), entries_.end(),
                            [&](const Entry& candidate) { return candidate.key == key; });
  if (entry == entries_.end()) {
    entries_.push_front({key, {}, 0});
    entry = entries_.begin();
    if (entries_.size() > kEntries) entries_.pop_back();
  }
  for (ValueIndex value : values) {
    const c10::IValue& content = frame[value];
    Kept kept{content, 0};
    size_t bytes = 0;
    if (content.isTensor()) {
      const at::Tensor& tensor = content.toTensor();
      if (tensor.requires_grad() || !tensor.has_storage()) continue;
      kept.version = tensor._version();
      bytes = tensor.storage().nbytes();
    }
    if (entry->bytes + bytes > kBytes) continue;
    if (entry->values.insert_or_assign(value, std::move(kept)).second) entry->bytes += bytes;
  }
}

bool ShapeMemo::shares(const at::Tensor& tensor) const {
  if (!tensor.has_storage()) return false;
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return std::any_of(entry.values.begin(), entry.values.end(), [&](const auto& pair) {
      const c10::IValue& value = pair.second.value;
      return value.isTensor() && value.toTensor().is_alias_of(tensor);
    });
  });
}

}  // namespace graphpatch
