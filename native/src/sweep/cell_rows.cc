#include "cell_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

namespace graphpatch {

namespace {

struct Copy {
  bool fromOwn;
  int64_t from;
  int64_t to;
  int64_t count;
};

// The first of the rows of `spans` in `own`, where they stand one after the other; -1 where they do not.
int64_t firstOf(const std::vector<CellSpan>& spans, const CellRows& own) {
  const CellSpan* known = spans.empty() ? nullptr : own.find(spans.front().cell);
  if (known == nullptr || own.spans.data() + own.spans.size() - known < static_cast<int64_t>(spans.size()))
    return -1;
  const int64_t offset = known->row - spans.front().row;
  for (const CellSpan& span : spans) {
    const CellSpan& mine = *known++;
    if (mine.cell != span.cell || mine.begin != span.begin || mine.end != span.end ||
        mine.row != span.row + offset)
      return -1;
  }
  return spans.front().row + offset;
}

}  // namespace

const CellSpan* CellRows::find(int32_t cell) const {
  const auto found =
      std::lower_bound(spans.begin(), spans.end(), cell,
                       [](const CellSpan& span, int32_t wanted) { return span.cell < wanted; });
  return found != spans.end() && found->cell == cell ? &*found : nullptr;
}

int64_t numberRows(std::vector<CellSpan>& spans, int64_t texts) {
  int64_t row = 0;
  for (CellSpan& span : spans) {
    span.row = row;
    row += texts * span.positions();
  }
  return row;
}

int64_t countRows(const std::vector<CellSpan>& spans, int64_t texts) {
  return spans.empty() ? 0 : spans.back().row + texts * spans.back().positions();
}

at::Tensor gatherRows(const std::vector<CellSpan>& spans, int64_t texts, const CellRows* own,
                      const at::Tensor& base) {
  const int64_t count = countRows(spans, texts);
  if (own != nullptr) {
    const int64_t first = firstOf(spans, *own);
    if (first >= 0) return own->rows.narrow(0, first, count);
  }
  const int64_t baseTexts = base.size(0);
  const int64_t basePositions = base.size(1);
  std::vector<int64_t> sizes{count};
  for (int64_t dim = 2; dim < base.dim(); ++dim) sizes.push_back(base.size(dim));
  at::Tensor result = at::empty(sizes, base.options());
  std::vector<Copy> copies;
  const auto fromBase = [&](int64_t text, int64_t begin, int64_t end, int64_t to) {
    const int64_t from = (baseTexts > 1 ? text : 0) * basePositions;
    if (basePositions > 1) {
      if (end > begin) copies.push_back({false, from + begin, to, end - begin});
    } else {
      for (int64_t i = begin; i < end; ++i) copies.push_back({false, from, to + i - begin, 1});
    }
  };
  for (const CellSpan& span : spans) {
    const CellSpan* mine = own == nullptr ? nullptr : own->find(span.cell);
    for (int64_t text = 0; text < texts; ++text) {
      const int64_t to = span.row + text * span.positions();
      if (mine == nullptr) {
        fromBase(text, span.begin, span.end, to);
        continue;
      }
      const int64_t begin = std::clamp(mine->begin, span.begin, span.end);
      const int64_t end = std::clamp(mine->end, begin, span.end);
      fromBase(text, span.begin, begin, to);
      if (end > begin) {
        const int64_t from = mine->row + text * mine->positions() + begin - mine->begin;
        copies.push_back({true, from, to + begin - span.begin, end - begin});
      }
      fromBase(text, end, span.end, to + end - span.begin);
    }
  }
  const at::Tensor mine = own == nullptr ? at::Tensor() : own->rows.contiguous();
  if (!base.is_cpu()) {
    for (const Copy& copy : copies) {
      const at::Tensor source = copy.fromOwn ? mine : base.flatten(0, 1);
      result.narrow(0, copy.to, copy.count).copy_(source.narrow(0, copy.from, copy.count));
    }
    return result;
  }
  const auto bytes = static_cast<size_t>(count == 0 ? 0 : result.numel() / count * result.element_size());
  auto* target = static_cast<char*>(result.data_ptr());
  const auto* sourceOfBase = static_cast<const char*>(base.const_data_ptr());
  const auto* sourceOfOwn = mine.defined() ? static_cast<const char*>(mine.const_data_ptr()) : nullptr;
  at::parallel_for(0, static_cast<int64_t>(copies.size()),
                   std::max<int64_t>(1, (1 << 17) / std::max<int64_t>(1, bytes)),
                   [&](int64_t first, int64_t last) {
                     for (int64_t i = first; i < last; ++i) {
                       const Copy& copy = copies[i];
                       const char* source = copy.fromOwn ? sourceOfOwn : sourceOfBase;
                       std::memcpy(target + copy.to * bytes, source + copy.from * bytes, copy.count * bytes);
                     }
                   });
  return result;
}

std::pair<int64_t, int64_t> changedPositions(const at::Tensor& whole, const at::Tensor& base) {
  const int64_t texts = base.size(0);
  const int64_t positions = base.size(1);
  if (base.numel() == 0) return {0, 0};
  std::vector<bool> changed(positions, false);
  if (base.is_cpu()) {
    const size_t bytes = base.numel() / (texts * positions) * base.element_size();
    const auto* a = static_cast<const char*>(whole.const_data_ptr());
    const auto* b = static_cast<const char*>(base.const_data_ptr());
    for (int64_t row = 0; row < texts * positions; ++row) {
      if (!changed[row % positions] && std::memcmp(a + row * bytes, b + row * bytes, bytes) != 0)
        changed[row % positions] = true;
    }
  } else {
    const at::Tensor differs =
        at::ne(whole, base).reshape({texts, positions, -1}).any(-1).any(0).to(at::kCPU).contiguous();
    for (int64_t i = 0; i < positions; ++i) changed[i] = differs.const_data_ptr<bool>()[i];
  }
  const auto first = std::find(changed.begin(), changed.end(), true);
  if (first == changed.end()) return {0, 0};
  const auto last = std::find(changed.rbegin(), changed.rend(), true);
  return {first - changed.begin(), changed.rend() - last};
}

}  // namespace graphpatch
