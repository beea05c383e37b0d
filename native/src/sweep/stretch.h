#pragma once

#include <atomic>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "row_calls.h"
#include "row_chain.h"
#include "step_spans.h"
#include "wave_values.h"

namespace graphpatch {

// Rows that a group has at best: enough for products to run at full speed, and few enough for what steps hand
// on to stay in a core's cache.
constexpr int64_t kGroupRows = 256;
// With fewer a thread, products are too slow.
constexpr int64_t kLeastGroupRows = 48;
// Steps with so many times fewer rows than others are better divided by themselves: what the metric reads of
// the last layer.
constexpr int64_t kFewerRows = 3;

// Steps of a wave between two values that cells patch. Until then cells know nothing of one another, so a few
// of them at a time are taken through all these steps, each such group by one thread: what they compute stays
// in its caches, and threads need not wait for one another at each step.
class Stretch {
 public:
  // From step `first` up to where a patch, or a step that cannot be run so, follows. `isPatched`: whether
  // patches of this wave apply at a value.
  Stretch(const Survey& survey, const WaveValues& values, size_t first, size_t cells,
          const std::vector<bool>& isDropped, const std::function<bool(ValueIndex)>& isPatched);

  size_t end() const { return end_; }
  // Whether there is enough for every thread.
  bool pays() const { return groups_.size() > 1; }
  const SpansOfSteps& spans() const { return spans_; }

  // Takes all cells through the steps. False, with nothing changed, where values are so large that masks may
  // not hide them: only then more positions have to be computed than was known beforehand.
  bool run(WaveValues& values, RowProducts& products, const std::atomic<bool>& cancelled) const;

 private:
  // Cells from the first up to, but not with, the second.
  using Group = std::pair<int32_t, int32_t>;

  void findChains();
  void divide(const std::vector<int64_t>& rows);
  bool runGroup(const Group& group, WaveValues& values, const RowProducts& products,
                const std::atomic<bool>& cancelled) const;
  bool mayBeWild(const WaveValues& values, size_t step, const Group& group) const;

  const Survey& survey_;
  size_t first_;
  size_t end_;
  SpansOfSteps spans_;
  // By the place in `spans_` where it begins.
  std::unordered_map<size_t, RowChain> chains_;
  std::vector<Group> groups_;
};

// @throws CancelledError
void checkCancelled(const std::atomic<bool>& cancelled, const Step& next);

}  // namespace graphpatch
