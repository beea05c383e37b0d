#include "shared_starts.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace graphpatch {

namespace {

// What a cell does at one value: the value's place in the order in which patches apply, and their identities.
struct Stop {
  int64_t order;
  ValueIndex value;
  std::vector<int32_t> patches;
};

std::vector<Stop> stopsOf(const CellPatches& patches, const std::unordered_map<ValueIndex, int64_t>& orders) {
  std::vector<Stop> stops;
  for (const CellPatch& patch : patches) {
    const auto order = orders.find(patch.value);
    // Nothing needs that value.
    if (order == orders.end()) continue;
    const auto known =
        std::find_if(stops.begin(), stops.end(), [&](const Stop& stop) { return stop.value == patch.value; });
    if (known == stops.end()) {
      stops.push_back({order->second, patch.value, {patch.identity}});
    } else {
      known->patches.push_back(patch.identity);
    }
  }
  std::sort(stops.begin(), stops.end(), [](const Stop& a, const Stop& b) { return a.order < b.order; });
  return stops;
}

std::unordered_map<ValueIndex, int64_t> ordersOf(const Plan& plan) {
  std::unordered_map<ValueIndex, int64_t> orders;
  const auto add = [&](ValueIndex value) { orders.emplace(value, static_cast<int64_t>(orders.size())); };
  for (ValueIndex value : plan.patchedAtStart()) add(value);
  for (const Step& step : plan.steps()) {
    for (ValueIndex value : step.patched) add(value);
  }
  return orders;
}

}  // namespace

SharedStarts::SharedStarts(const Survey& survey, const std::vector<int32_t>& cells)
    : leaders_(cells.size(), -1), isShared_(cells.size(), false) {
  const auto orders = ordersOf(survey.plan());
  std::vector<std::vector<Stop>> stops;
  // By what cells have done so far, the last cell that has done that.
  std::map<std::vector<int64_t>, int32_t> known;
  for (int32_t cell = 0; cell < static_cast<int32_t>(cells.size()); ++cell) {
    stops.push_back(stopsOf(survey.cells()[cells[cell]], orders));
    std::vector<int64_t> done;
    std::optional<std::pair<int32_t, size_t>> leader;
    for (size_t i = 0; i < stops.back().size(); ++i) {
      const Stop& stop = stops.back()[i];
      if (std::count(stop.patches.begin(), stop.patches.end(), -1) > 0) break;
      done.push_back(stop.order);
      done.insert(done.end(), stop.patches.begin(), stop.patches.end());
      done.push_back(-1);
      const auto found = known.find(done);
      if (found != known.end()) leader = {found->second, i + 1};
      known[done] = cell;
    }
    if (!leader) continue;
    const auto [other, same] = *leader;
    leaders_[cell] = other;
    isShared_[cell] = isShared_[other] = true;
    // They part where the first of them goes on.
    const Stop* next = same < stops.back().size() ? &stops.back()[same] : nullptr;
    if (same < stops[other].size() && (next == nullptr || stops[other][same].order < next->order))
      next = &stops[other][same];
    (next == nullptr ? inseparable_ : partings_[next->value]).push_back(cell);
  }
}

std::vector<SharedStarts::Parting> SharedStarts::partingAt(ValueIndex value) {
  const auto found = partings_.find(value);
  if (found == partings_.end()) return {};
  std::vector<Parting> partings = part(found->second);
  partings_.erase(found);
  return partings;
}

std::vector<SharedStarts::Parting> SharedStarts::partingAtEnd() {
  return part(std::exchange(inseparable_, {}));
}

std::vector<SharedStarts::Parting> SharedStarts::part(const std::vector<int32_t>& cells) {
  std::vector<Parting> partings;
  for (int32_t cell : cells) {
    int32_t leader = leaders_[cell];
    while (leaders_[leader] >= 0) leader = leaders_[leader];
    partings.emplace_back(cell, leader);
  }
  for (int32_t cell : cells) leaders_[cell] = -1;
  return partings;
}

}  // namespace graphpatch
