#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "step_reader.h"

namespace graphpatch {

// Rules of operators, by what they do to rows. Each gives nothing where it does not hold.

// elementwise_rules.cc: every element of the result is made from the elements at the same place.
std::optional<RowRule> elementwise(const StepReader& step);
// The same where only the first argument's values count; others tell a dtype, or nothing.
std::optional<RowRule> elementwiseOfFirst(const StepReader& step);
std::optional<RowRule> concatenated(const StepReader& step, bool isStack);

// dimension_rules.cc: along a dimension that is kept; over dimensions that go away, or stay with size 1; of
// one place in a dimension; norms over the last dimensions.
std::optional<RowRule> along(const StepReader& step, bool isSlice);
std::optional<RowRule> reduced(const StepReader& step);
std::optional<RowRule> dropped(const StepReader& step);
std::optional<RowRule> normalized(const StepReader& step);

// shape_rules.cc: the same elements in another shape or order.
std::optional<RowRule> permuted(const StepReader& step, std::string_view name);
std::optional<RowRule> unsqueezed(const StepReader& step);
std::optional<RowRule> expanded(const StepReader& step);
std::optional<RowRule> reshaped(const StepReader& step);
// A view of argument 0; `order` of the rest's dimensions, empty for theirs.
RowRule viewed(const StepReader& step, const RowLayout& from, const RowLayout& to,
               std::vector<int64_t> order);

// product_rules.cc: rows by what they all share (an embedding, a matrix); products of positions with one
// another.
std::optional<RowRule> onRows(const StepReader& step, int argument);
std::optional<RowRule> multiplied(const StepReader& step, int argument);
std::optional<RowRule> matrixProduct(const StepReader& step);
std::optional<RowRule> attention(const StepReader& step);

}  // namespace graphpatch
