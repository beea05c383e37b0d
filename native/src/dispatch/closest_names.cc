#include "dispatch/closest_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace graphpatch {
namespace {

// Levenshtein distance.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string closestNames(const std::string& name, const std::vector<std::string>& candidates) {
  const size_t limit = std::max<size_t>(2, name.size() / 4);
  std::vector<std::pair<size_t, const std::string*>> near;
  for (const std::string& candidate : candidates) {
    const size_t gap = std::max(candidate.size(), name.size()) - std::min(candidate.size(), name.size());
    if (gap > limit) continue;
    const size_t score = distance(name, candidate);
    if (score <= limit) near.emplace_back(score, &candidate);
  }
  std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  std::string result;
  for (size_t i = 0; i < std::min<size_t>(3, near.size()); i++) {
    std::string shown = *near[i].second;
    if (shown.rfind("aten::", 0) == 0) shown = shown.substr(6);
    result += (i > 0 ? ", \"" : "\"") + shown + "\"";
  }
  return result;
}

}  // namespace graphpatch
