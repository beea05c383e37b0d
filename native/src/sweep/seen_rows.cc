#include "seen_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <optional>

// Compiled for several processors, of which the running one is found out when the addon is loaded.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define GRAPHPATCH_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GRAPHPATCH_CLONES
#endif

// Vectors, also where the rest is built without them.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

namespace graphpatch {

namespace {

constexpr int64_t kLanes = 16;

// What a position has in one text of one cell.
struct Place {
  const float* data;
  int64_t headStride;
};

// scores[p] = query · keys[p] for all positions of one head. `width` is a multiple of kLanes.
GRAPHPATCH_CLONES
void score(const float* query, const Place* keys, int64_t head, int64_t positions, int64_t width,
           float* scores) {
  for (int64_t p = 0; p < positions; ++p) {
    const float* key = keys[p].data + head * keys[p].headStride;
    float lanes[kLanes] = {};
    for (int64_t i = 0; i < width; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += query[i + lane] * key[i + lane];
    }
    for (int64_t half = kLanes / 2; half > 0; half /= 2) {
      for (int64_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
    }
    scores[p] = lanes[0];
  }
}

// mixed = Σ weights[p] · values[p] of one head.
GRAPHPATCH_CLONES
void mix(const float* weights, const Place* values, int64_t head, int64_t positions, int64_t width,
         float* mixed) {
  std::fill_n(mixed, width, 0.0F);
  for (int64_t p = 0; p < positions; ++p) {
    const float weight = weights[p];
    const float* value = values[p].data + head * values[p].headStride;
    for (int64_t i = 0; i < width; ++i) mixed[i] += weight * value[i];
  }
}

// Rows [rows, heads…, width], of which only the last dimension need lie together.
struct Rows {
  const float* data;
  int64_t rowStride;
  int64_t headStride;
};

std::optional<Rows> rowsIn(const at::Tensor& tensor) {
  if (!tensor.is_cpu() || tensor.scalar_type() != at::kFloat || tensor.dim() < 2 || tensor.stride(-1) != 1)
    return std::nullopt;
  const auto* data = tensor.const_data_ptr<float>();
  if (tensor.dim() <= 3) return Rows{data, tensor.stride(0), tensor.dim() == 3 ? tensor.stride(1) : 0};
  if (!tensor.is_contiguous()) return std::nullopt;
  return Rows{data, tensor.stride(0), tensor.size(-1)};
}

// What is seen and who looks, with the same heads.
struct Factors {
  Rows rows;
  Rows base;
  Rows own;
  int64_t heads;
};

std::optional<Factors> factorsOf(const at::Tensor& rows, const SeenRows& seen) {
  const auto looking = rowsIn(rows);
  const auto base = rowsIn(seen.base.flatten(0, 1));
  const auto own = seen.own == nullptr ? base : rowsIn(seen.own->rows);
  const int64_t last = rows.dim() - 1;
  if (!looking || !base || !own || seen.base.dim() != rows.dim() + 1 ||
      rows.sizes().slice(1, last - 1) != seen.base.sizes().slice(2, last - 1))
    return std::nullopt;
  return Factors{*looking, *base, *own, c10::multiply_integers(rows.sizes().slice(1, last - 1))};
}

// What one head of one row looking is given: `seen[p]` is what its text has at position p.
using Product = void (*)(const float* row, const Place* seen, int64_t head, int64_t positions, int64_t width,
                         float* to);

// The product of each head of each of the rows, `last` numbers of it.
at::Tensor productRows(const at::Tensor& rows, const std::vector<CellSpan>& spans, int64_t texts,
                       const SeenRows& seen, const Factors& factors, int64_t last, Product product) {
  const int64_t positions = seen.base.size(1);
  const int64_t width = seen.base.size(-1);
  std::vector<int64_t> sizes = rows.sizes().vec();
  sizes.back() = last;
  at::Tensor products = at::empty(sizes, rows.options());
  auto* to = products.data_ptr<float>();
  at::parallel_for(0, static_cast<int64_t>(spans.size()), 1, [&](int64_t first, int64_t end) {
    std::vector<Place> places(positions);
    for (int64_t i = first; i < end; ++i) {
      const CellSpan& span = spans[i];
      const CellSpan* mine = seen.own == nullptr ? nullptr : seen.own->find(span.cell);
      for (int64_t text = 0; text < texts; ++text) {
        const int64_t baseText = seen.base.size(0) > 1 ? text : 0;
        for (int64_t p = 0; p < positions; ++p) {
          const bool isOwn = mine != nullptr && p >= mine->begin && p < mine->end;
          const Rows& from = isOwn ? factors.own : factors.base;
          const int64_t row =
              isOwn ? mine->row + text * mine->positions() + p - mine->begin : baseText * positions + p;
          places[p] = {from.data + row * from.rowStride, from.headStride};
        }
        for (int64_t q = 0; q < span.positions(); ++q) {
          const int64_t row = span.row + text * span.positions() + q;
          for (int64_t head = 0; head < factors.heads; ++head)
            product(factors.rows.data + row * factors.rows.rowStride + head * factors.rows.headStride,
                    places.data(), head, positions, width, to + (row * factors.heads + head) * last);
        }
      }
    }
  });
  return products;
}

}  // namespace

at::Tensor scoreRows(const at::Tensor& queries, const std::vector<CellSpan>& spans, int64_t texts,
                     const SeenRows& keys) {
  const int64_t width = queries.size(-1);
  const auto factors = factorsOf(queries, keys);
  if (!factors || keys.base.size(-1) != width || width % kLanes != 0) return {};
  return productRows(queries, spans, texts, keys, *factors, keys.base.size(1), score);
}

at::Tensor mixRows(const at::Tensor& weights, const std::vector<CellSpan>& spans, int64_t texts,
                   const SeenRows& values) {
  const auto factors = factorsOf(weights, values);
  if (!factors || weights.size(-1) != values.base.size(1)) return {};
  return productRows(weights, spans, texts, values, *factors, values.base.size(-1), mix);
}

}  // namespace graphpatch
