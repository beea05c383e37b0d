#include "row_rules.h"

#include <ATen/ATen.h>

#include <array>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "../engine/arguments.h"

namespace graphpatch {

namespace {

using Names = std::unordered_set<std::string_view>;

// Every element of the result is made from the elements at the same place; arguments broadcast.
const Names kElementwise{"abs",
                         "add",
                         "addcdiv",
                         "addcmul",
                         "alias",
                         "bitwise_and",
                         "bitwise_not",
                         "bitwise_or",
                         "bitwise_xor",
                         "ceil",
                         "celu",
                         "clamp",
                         "clamp_max",
                         "clamp_min",
                         "clone",
                         "contiguous",
                         "copy",
                         "cos",
                         "detach",
                         "detach_copy",
                         "div",
                         "dropout",
                         "elu",
                         "eq",
                         "erf",
                         "erfc",
                         "exp",
                         "exp2",
                         "expm1",
                         "float_power",
                         "floor",
                         "floor_divide",
                         "fmod",
                         "full_like",
                         "ge",
                         "gelu",
                         "gt",
                         "hardsigmoid",
                         "hardswish",
                         "hardtanh",
                         "isfinite",
                         "isinf",
                         "isnan",
                         "le",
                         "leaky_relu",
                         "lerp",
                         "lift_fresh_copy",
                         "log",
                         "log10",
                         "log1p",
                         "log2",
                         "log_sigmoid",
                         "logical_and",
                         "logical_not",
                         "logical_or",
                         "logical_xor",
                         "logit",
                         "lt",
                         "masked_fill",
                         "maximum",
                         "minimum",
                         "mish",
                         "mul",
                         "nan_to_num",
                         "ne",
                         "neg",
                         "ones_like",
                         "pow",
                         "reciprocal",
                         "relu",
                         "relu6",
                         "remainder",
                         "round",
                         "rsqrt",
                         "rsub",
                         "selu",
                         "sigmoid",
                         "sign",
                         "silu",
                         "sin",
                         "sinh",
                         "softplus",
                         "softsign",
                         "sqrt",
                         "square",
                         "sub",
                         "tan",
                         "tanh",
                         "threshold",
                         "to",
                         "_to_copy",
                         "trunc",
                         "type_as",
                         "where",
                         "xlogy",
                         "zeros_like"};

// They work along a dimension and keep it.
const Names kAlongKept{
    "softmax",      "_softmax", "log_softmax",      "_log_softmax", "cumsum",       "cumprod",
    "logcumsumexp", "split",    "split_with_sizes", "chunk",        "tensor_split", "slice",
    "narrow",       "flip",     "index_select",     "topk",         "sort",         "argsort",
    "glu",          "roll"};

// They work along dimensions and take them away, unless `keepdim` is true.
const Names kReduced{"mean", "sum",    "var",    "std",       "amax",
                     "amin", "argmax", "argmin", "logsumexp", "prod",
                     "any",  "all",    "max",    "min",       "linalg_vector_norm",
                     "norm"};

const Names kReshaped{"view",      "reshape", "_unsafe_view", "_reshape_alias",
                      "view_copy", "flatten", "unflatten",    "squeeze"};

// They work on each text of a batch by itself, dimension 0 of a value with so many dimensions.
const std::unordered_map<std::string_view, int> kByText{{"conv1d", 3},
                                                        {"conv2d", 4},
                                                        {"conv3d", 5},
                                                        {"max_pool1d", 3},
                                                        {"max_pool2d", 4},
                                                        {"avg_pool1d", 3},
                                                        {"avg_pool2d", 4},
                                                        {"adaptive_avg_pool1d", 3},
                                                        {"adaptive_avg_pool2d", 4},
                                                        {"pixel_shuffle", 4}};

int64_t product(at::IntArrayRef sizes, int begin, int end) {
  return std::accumulate(sizes.begin() + begin, sizes.begin() + end, int64_t{1}, std::multiplies<>());
}

class RuleMaker {
 public:
  RuleMaker(const Step& step, const std::vector<c10::IValue>& frame, const std::vector<RowLayout>& layouts,
            const std::vector<bool>& differs, const RowCounts& counts, bool byTexts)
      : step_(step),
        frame_(frame),
        layouts_(layouts),
        differs_(differs),
        counts_(counts),
        byTexts_(byTexts) {}

  std::optional<RowRule> make() {
    if (std::holds_alternative<Alias>(step_.node->operation)) return elementwise();
    const auto* call = std::get_if<OperatorCall>(&step_.node->operation);
    if (call == nullptr) return std::nullopt;
    schema_ = &call->handle.schema();
    if (schema_->is_mutable()) return std::nullopt;
    std::string_view name = schema_->name();
    if (!name.starts_with("aten::")) return std::nullopt;
    name.remove_prefix(6);
    if (name == "dropout" && isTrue(2)) return std::nullopt;
    if (kElementwise.contains(name)) return elementwise();
    if (kReshaped.contains(name)) return reshaped();
    if (name == "transpose" || name == "permute" || name == "t") return permuted(name);
    if (name == "unsqueeze") return unsqueezed();
    if (name == "expand") return expanded();
    if (kAlongKept.contains(name)) return along(name == "slice");
    if (kReduced.contains(name)) return reduced();
    if (name == "select" || name == "unbind") return dropped();
    if (name == "cat") return concatenated(false);
    if (name == "stack") return concatenated(true);
    if (name == "linear") return multiplied(0);
    if (name == "addmm") return dimOf(0) <= 1 ? multiplied(1) : std::nullopt;
    if (name == "mm") return multiplied(0);
    if (name == "matmul" || name == "bmm") return matrixProduct();
    if (name == "scaled_dot_product_attention") return attention();
    if (name == "layer_norm" || name == "rms_norm" || name == "native_layer_norm") return normalized();
    if (name == "embedding") return onRows(1);
    if (name == "one_hot") return onRows(0);
    return byText(name);
  }

 private:
  const at::Tensor* tensor(int argument, int element = -1) {
    const Argument& given = step_.arguments.at(argument);
    const c10::IValue* value = nullptr;
    if (element >= 0) {
      const ListElement& item = given.list.at(element);
      const ValueIndex* index = std::get_if<ValueIndex>(&item);
      value = index == nullptr ? &std::get<c10::IValue>(item) : &frame_[*index];
    } else if (given.kind == Argument::Kind::Value) {
      value = &frame_[given.value];
    } else if (given.kind == Argument::Kind::Constant) {
      value = &given.constant;
    }
    return value != nullptr && value->isTensor() && value->toTensor().defined() ? &value->toTensor()
                                                                                : nullptr;
  }

  ValueIndex index(int argument, int element = -1) const {
    const Argument& given = step_.arguments.at(argument);
    if (element < 0) return given.kind == Argument::Kind::Value ? given.value : -1;
    const ValueIndex* value = std::get_if<ValueIndex>(&given.list.at(element));
    return value == nullptr ? -1 : *value;
  }

  RowLayout layoutOf(int argument, int element = -1) const {
    const ValueIndex value = index(argument, element);
    if (value < 0) return {};
    return byTexts_ ? layouts_[value].byTexts() : layouts_[value];
  }

  bool mayDiffer(int argument, int element = -1) const {
    const ValueIndex value = index(argument, element);
    return value >= 0 && differs_[value];
  }

  int dimOf(int argument) {
    const at::Tensor* given = tensor(argument);
    return given == nullptr ? -1 : static_cast<int>(given->dim());
  }

  const at::Tensor& result() const { return frame_[step_.node->results[0]].toTensor(); }

  int place(std::string_view name) const {
    for (size_t i = 0; i < schema_->arguments().size(); ++i) {
      if (schema_->arguments()[i].name() == name) return static_cast<int>(i);
    }
    return -1;
  }

  bool isTrue(int argument) const {
    const c10::IValue value = argumentValue(step_.arguments.at(argument), frame_);
    return value.isBool() && value.toBool();
  }

  // Dimensions that an argument names, from the front; nothing for None.
  std::optional<std::vector<int64_t>> dims(int argument, int64_t rank) const {
    const c10::IValue value = argumentValue(step_.arguments.at(argument), frame_);
    std::vector<int64_t> list;
    if (value.isInt()) {
      list.push_back(value.toInt());
    } else if (value.isIntList()) {
      list = value.toIntVector();
    } else {
      return std::nullopt;
    }
    for (int64_t& dim : list) dim += dim < 0 ? rank : 0;
    return list;
  }

  bool areRest(const std::vector<int64_t>& list, const RowLayout& layout) const {
    return !list.empty() && std::all_of(list.begin(), list.end(),
                                        [&](int64_t dim) { return layout.isRest(static_cast<int>(dim)); });
  }

  c10::IValue inRows(const std::vector<int64_t>& list, const RowLayout& layout, bool isList) const {
    std::vector<int64_t> moved;
    for (int64_t dim : list) moved.push_back(layout.rowDim(static_cast<int>(dim)));
    return isList ? c10::IValue(moved) : c10::IValue(moved.front());
  }

  bool isList(int argument) const { return !argumentValue(step_.arguments.at(argument), frame_).isInt(); }

  // All tensors of the step, as constants but for the one at `rows`.
  RowRule withOperands(int rows, const RowLayout& layout) {
    RowRule rule;
    rule.mode = RowMode::Call;
    rule.layout = layout;
    forEachTensor([&](int argument, int element) {
      RowOperand operand{argument, element, RowRole::Constant, {}, 0, false};
      if (argument == rows) operand = {argument, element, RowRole::Rows, layout, 0, true};
      rule.operands.push_back(operand);
    });
    return rule;
  }

  template <class F>
  void forEachTensor(F&& visit) {
    for (int i = 0; i < static_cast<int>(step_.arguments.size()); ++i) {
      if (step_.arguments[i].kind == Argument::Kind::List) {
        for (int j = 0; j < static_cast<int>(step_.arguments[i].list.size()); ++j) {
          if (tensor(i, j) != nullptr) visit(i, j);
        }
      } else if (tensor(i) != nullptr) {
        visit(i, -1);
      }
    }
  }

  // The layout of argument `i`, if it has rows that fit its sizes.
  std::optional<RowLayout> rowsOf(int argument, int element = -1) {
    const at::Tensor* given = tensor(argument, element);
    const RowLayout layout = layoutOf(argument, element);
    if (given == nullptr || !layout.hasRows() || !layout.fits(given->sizes(), counts_)) return std::nullopt;
    return layout;
  }

  bool agree(const RowLayout& a, const RowLayout& b) const {
    return a == b ||
           (counts_.texts == 1 && a.positions == b.positions && !a.isFlat && !b.isFlat && a.hasPositions());
  }

  // A step whose tensors are aligned at their last dimensions with a result of `rank`.
  std::optional<RowRule> aligned(int rank, RowRole role) {
    std::optional<RowLayout> layout;
    for (const bool differing : {true, false}) {
      forEachTensor([&](int argument, int element) {
        if (layout || mayDiffer(argument, element) != differing) return;
        const auto own = rowsOf(argument, element);
        if (!own) return;
        const RowLayout moved = own->shifted(rank - static_cast<int>(tensor(argument, element)->dim()));
        if (moved.fits(result().sizes(), counts_)) layout = moved;
      });
    }
    if (!layout) return std::nullopt;
    RowRule rule;
    rule.mode = RowMode::Call;
    rule.layout = *layout;
    forEachTensor([&](int argument, int element) {
      const int lead = rank - static_cast<int>(tensor(argument, element)->dim());
      const auto own = rowsOf(argument, element);
      const bool fits = own && agree(own->shifted(lead), *layout);
      rule.operands.push_back({argument, element, role, *layout, lead, fits});
    });
    return rule;
  }

  std::optional<RowRule> elementwise() {
    if (!frame_[step_.node->results[0]].isTensor()) return std::nullopt;
    return aligned(static_cast<int>(result().dim()), RowRole::Broadcast);
  }

  std::optional<RowRule> onRows(int argument) {
    const auto layout = rowsOf(argument);
    return layout ? std::optional(withOperands(argument, *layout)) : std::nullopt;
  }

  // The last dimension is multiplied by a matrix that all rows share.
  std::optional<RowRule> multiplied(int argument) {
    const auto layout = rowsOf(argument);
    const int rank = dimOf(argument);
    if (!layout || rank < 2 || !layout->isRest(rank - 1)) return std::nullopt;
    return withOperands(argument, *layout);
  }

  std::optional<RowRule> normalized() {
    const auto layout = rowsOf(0);
    const c10::IValue over = argumentValue(step_.arguments.at(1), frame_);
    if (!layout || !over.isIntList()) return std::nullopt;
    const int rank = dimOf(0);
    for (int dim = rank - static_cast<int>(over.toIntVector().size()); dim < rank; ++dim) {
      if (dim < 0 || !layout->isRest(dim)) return std::nullopt;
    }
    return withOperands(0, *layout);
  }

  std::optional<RowRule> along(bool isSlice) {
    const auto layout = rowsOf(0);
    int at = place("dim");
    if (at < 0) at = place("dims");
    if (!layout || at < 0) return std::nullopt;
    const auto list = dims(at, dimOf(0));
    if (!list) return std::nullopt;
    if (!areRest(*list, *layout)) {
      // A slice of everything.
      if (!isSlice || result().sizes() != tensor(0)->sizes()) return std::nullopt;
      return viewed(*layout, *layout, {});
    }
    RowRule rule = withOperands(0, *layout);
    rule.replaced.emplace_back(at, inRows(*list, *layout, isList(at)));
    return rule;
  }

  RowLayout without(const RowLayout& layout, const std::vector<int64_t>& gone) const {
    const auto before = [&](int dim) {
      return static_cast<int>(
          std::count_if(gone.begin(), gone.end(), [&](int64_t other) { return other < dim; }));
    };
    RowLayout kept = layout;
    if (layout.texts >= 0) kept.texts -= before(layout.texts);
    if (layout.positions >= 0) kept.positions -= before(layout.positions);
    return kept;
  }

  std::optional<RowRule> reduced() {
    const auto layout = rowsOf(0);
    const int at = place("dim");
    const int keep = place("keepdim");
    if (!layout || at < 0 || keep < 0) return std::nullopt;
    const auto list = dims(at, dimOf(0));
    if (!list || !areRest(*list, *layout)) return std::nullopt;
    RowRule rule = withOperands(0, *layout);
    rule.replaced.emplace_back(at, inRows(*list, *layout, isList(at)));
    if (!isTrue(keep)) rule.layout = without(*layout, *list);
    return rule;
  }

  std::optional<RowRule> dropped() {
    const auto layout = rowsOf(0);
    const int at = place("dim");
    if (!layout || at < 0) return std::nullopt;
    const auto list = dims(at, dimOf(0));
    if (!list || !areRest(*list, *layout)) return std::nullopt;
    RowRule rule = withOperands(0, *layout);
    rule.replaced.emplace_back(at, inRows(*list, *layout, false));
    rule.layout = without(*layout, *list);
    return rule;
  }

  std::optional<RowRule> concatenated(bool isStack) {
    const int rank = static_cast<int>(result().dim());
    const auto list = dims(1, rank);
    if (!list) return std::nullopt;
    const int dim = static_cast<int>(list->front());
    if (!isStack) {
      auto rule = aligned(rank, RowRole::Rows);
      if (!rule || !rule->layout.isRest(dim)) return std::nullopt;
      rule->replaced.emplace_back(1, inRows(*list, rule->layout, false));
      return rule;
    }
    std::optional<RowLayout> layout;
    forEachTensor([&](int argument, int element) {
      if (!layout) layout = rowsOf(argument, element);
    });
    if (!layout) return std::nullopt;
    RowRule rule;
    rule.mode = RowMode::Call;
    forEachTensor([&](int argument, int element) {
      const auto own = rowsOf(argument, element);
      rule.operands.push_back({argument, element, RowRole::Rows, *layout, 0, own && *own == *layout});
    });
    rule.layout = *layout;
    if (rule.layout.texts >= dim) ++rule.layout.texts;
    if (rule.layout.positions >= dim) ++rule.layout.positions;
    rule.replaced.emplace_back(1, rule.layout.rowDim(dim));
    return rule;
  }

  RowRule viewed(const RowLayout& from, const RowLayout& to, std::vector<int64_t> order) {
    RowRule rule = withOperands(0, from);
    rule.mode = RowMode::View;
    rule.layout = to;
    rule.order = std::move(order);
    rule.restSizes = to.restSizes(result().sizes());
    return rule;
  }

  std::optional<RowRule> permuted(std::string_view name) {
    const auto layout = rowsOf(0);
    if (!layout) return std::nullopt;
    const int rank = dimOf(0);
    std::vector<int64_t> order(rank);
    std::iota(order.begin(), order.end(), 0);
    if (name == "permute") {
      const auto given = dims(1, rank);
      if (!given) return std::nullopt;
      order = *given;
    } else if (rank >= 2) {
      const auto a = name == "t" ? std::vector<int64_t>{0} : dims(1, rank).value_or(std::vector<int64_t>{});
      const auto b = name == "t" ? std::vector<int64_t>{1} : dims(2, rank).value_or(std::vector<int64_t>{});
      if (a.size() != 1 || b.size() != 1) return std::nullopt;
      std::swap(order[a[0]], order[b[0]]);
    }
    RowLayout to{-1, -1, layout->isFlat};
    std::vector<int64_t> rest;
    for (int dim = 0; dim < rank; ++dim) {
      const int from = static_cast<int>(order[dim]);
      if (from == layout->texts) to.texts = dim;
      if (from == layout->positions) to.positions = dim;
      if (layout->isRest(from)) rest.push_back(layout->rowDim(from));
    }
    return viewed(*layout, to, rest);
  }

  std::optional<RowRule> unsqueezed() {
    const auto layout = rowsOf(0);
    const auto list = dims(1, dimOf(0) + 1);
    if (!layout || !list) return std::nullopt;
    RowLayout to = *layout;
    if (to.texts >= list->front()) ++to.texts;
    if (to.positions >= list->front()) ++to.positions;
    return viewed(*layout, to, {});
  }

  std::optional<RowRule> expanded() {
    const auto layout = rowsOf(0);
    if (!layout) return std::nullopt;
    const RowLayout to = layout->shifted(static_cast<int>(result().dim()) - dimOf(0));
    if (!to.fits(result().sizes(), counts_)) return std::nullopt;
    RowRule rule = viewed(*layout, to, {});
    rule.isExpand = true;
    return rule;
  }

  // Where texts and positions are after a change of shape, if they stay dimensions of their own.
  std::optional<RowRule> reshaped() {
    const auto layout = rowsOf(0);
    if (!layout) return std::nullopt;
    const at::IntArrayRef from = tensor(0)->sizes();
    const at::IntArrayRef to = result().sizes();
    const int rank = static_cast<int>(to.size());
    const auto candidates = [&]() {
      std::vector<RowLayout> list;
      for (int p = 0; p < rank; ++p) {
        for (int t = 0; t < p; ++t) list.push_back({t, p, false});
      }
      for (int p = 0; p < rank; ++p) list.push_back({-1, p, true});
      if (counts_.texts == 1) {
        for (int p = 0; p < rank; ++p) list.push_back({-1, p, false});
      }
      return list;
    };
    // How much of the rest comes before the texts, between texts and positions, and after both.
    const auto parts = [&](const RowLayout& l, at::IntArrayRef sizes) -> std::array<int64_t, 3> {
      const int end = static_cast<int>(sizes.size());
      const int64_t after = product(sizes, l.positions + 1, end);
      if (l.texts < 0) return {product(sizes, 0, l.positions), 1, after};
      return {product(sizes, 0, l.texts), product(sizes, l.texts + 1, l.positions), after};
    };
    if (!layout->hasPositions()) {
      for (int t = 0; t < rank; ++t) {
        if (to[t] == counts_.texts && product(to, 0, t) == product(from, 0, layout->texts))
          return viewed(*layout, {t, -1, false}, {});
      }
      return std::nullopt;
    }
    if (layout->texts > layout->positions) return std::nullopt;
    const auto wanted = parts(*layout, from);
    for (const RowLayout& candidate : candidates()) {
      if (!candidate.fits(to, counts_)) continue;
      const auto found = parts(candidate, to);
      const bool same = found == wanted;
      // Without texts, or with a single one, what is before and between is one stretch.
      const bool isOneStretch =
          counts_.texts == 1 && found[0] * found[1] == wanted[0] * wanted[1] && found[2] == wanted[2];
      if (same || isOneStretch) return viewed(*layout, candidate, {});
    }
    return std::nullopt;
  }

  std::optional<RowRule> matrixProduct() {
    const at::Tensor* a = tensor(0);
    const at::Tensor* b = tensor(1);
    if (a == nullptr || b == nullptr) return std::nullopt;
    const int rank = static_cast<int>(result().dim());
    if (a->dim() == rank && b->dim() == rank && rank >= 3) {
      const auto first = rowsOf(0);
      const auto second = rowsOf(1);
      if (first && second && first->hasPositions() && second->hasPositions()) {
        if (auto rule = seeing(*first, *second, rank)) return rule;
      }
      if (auto rule = textProduct(rank)) return rule;
    }
    if (b->dim() == 2) return multiplied(0);
    return std::nullopt;
  }

  RowOperand seen(int argument, const RowLayout& layout) {
    return {argument, -1, RowRole::Rows, layout, 0, true};
  }

  // Queries by keys, or weights by values.
  std::optional<RowRule> seeing(const RowLayout& a, const RowLayout& b, int rank) {
    if (a.isFlat || b.isFlat || a.positions != rank - 2 || a.texts != b.texts) return std::nullopt;
    RowRule rule;
    rule.layout = a;
    rule.operands = {seen(0, a), seen(1, b)};
    if (b.positions == rank - 1) {
      rule.mode = RowMode::Scores;
    } else if (b.positions == rank - 2 && tensor(0)->size(-1) == counts_.positions) {
      rule.mode = RowMode::Mix;
    } else {
      return std::nullopt;
    }
    return rule;
  }

  // Products of matrices that each text has its own of.
  std::optional<RowRule> textProduct(int rank) {
    RowRule rule;
    rule.mode = RowMode::Call;
    rule.layout = {0, -1, false};
    bool any = false;
    for (int i = 0; i < 2; ++i) {
      const RowLayout layout = layoutOf(i);
      const bool isText = layout == RowLayout{0, -1, false} && layout.fits(tensor(i)->sizes(), counts_);
      if (!isText && (layout.hasRows() || (rank == 3 && std::string_view(schema_->name()) == "aten::bmm") ||
                      tensor(i)->size(0) != 1))
        return std::nullopt;
      any = any || isText;
      rule.operands.push_back({i, -1, isText ? RowRole::Rows : RowRole::Constant, rule.layout, 0, isText});
    }
    return any ? std::optional(rule) : std::nullopt;
  }

  std::optional<RowRule> attention() {
    const int rank = dimOf(0);
    const c10::IValue dropout = argumentValue(step_.arguments.at(4), frame_);
    if (dropout.toDouble() != 0) return std::nullopt;
    std::vector<RowLayout> own;
    for (int i = 0; i < 3; ++i) {
      const auto layout = rowsOf(i);
      if (!layout || dimOf(i) != rank) return std::nullopt;
      own.push_back(*layout);
    }
    if (!(own[0] == own[1] && own[1] == own[2])) return std::nullopt;
    if (own[0] == RowLayout{0, -1, false} &&
        (tensor(3) == nullptr || tensor(3)->dim() < rank || tensor(3)->size(0) == 1)) {
      RowRule rule = withOperands(0, own[0]);
      for (RowOperand& operand : rule.operands) {
        if (operand.argument < 3) operand = {operand.argument, -1, RowRole::Rows, own[0], 0, true};
      }
      return rule;
    }
    if (own[0].isFlat || own[0].positions != rank - 2 || rank < 3) return std::nullopt;
    RowRule rule;
    rule.mode = RowMode::Attention;
    rule.layout = own[0];
    for (int i = 0; i < 3; ++i) rule.operands.push_back(seen(i, own[i]));
    if (tensor(3) != nullptr) rule.operands.push_back({3, -1, RowRole::Constant, {}, 0, false});
    return rule;
  }

  std::optional<RowRule> byText(std::string_view name) {
    const auto found = kByText.find(name);
    const auto layout = rowsOf(0);
    if (found == kByText.end() || dimOf(0) != found->second || !layout ||
        !(*layout == RowLayout{0, -1, false}))
      return std::nullopt;
    return withOperands(0, *layout);
  }

  const Step& step_;
  const std::vector<c10::IValue>& frame_;
  const std::vector<RowLayout>& layouts_;
  const std::vector<bool>& differs_;
  const RowCounts& counts_;
  bool byTexts_;
  const c10::FunctionSchema* schema_ = nullptr;
};

}  // namespace

RowRule rowRule(const Step& step, const std::vector<c10::IValue>& frame,
                const std::vector<RowLayout>& layouts, const std::vector<bool>& differs,
                const RowCounts& counts) {
  for (const bool byTexts : {false, true}) {
    if (auto rule = RuleMaker(step, frame, layouts, differs, counts, byTexts).make()) return *rule;
  }
  RowRule rule;
  rule.mode = RowMode::PerCell;
  return rule;
}

}  // namespace graphpatch
