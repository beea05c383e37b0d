#include "survey.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>

#include "../engine/arguments.h"

namespace graphpatch {

namespace {

// Scores of vectors whose elements are smaller than this are swallowed by what hides them.
constexpr double kReasonable = 1e9;

// Whether a patch changes each element by itself.
bool isElementwise(PatchKind kind) {
  return kind == PatchKind::Add || kind == PatchKind::Replace || kind == PatchKind::Zero ||
         kind == PatchKind::Scale;
}

}  // namespace

void Positions::join(const Positions& other) {
  if (other.isEmpty()) return;
  if (isEmpty()) {
    *this = other;
  } else {
    begin = std::min(begin, other.begin);
    end = std::max(end, other.end);
  }
}

Positions Positions::within(const Positions& other) const {
  return {std::max(begin, other.begin), std::min(end, other.end)};
}

ValueIndex operandValue(const Step& step, const RowOperand& operand) {
  const Argument& argument = step.arguments[operand.argument];
  if (operand.element < 0) return argument.kind == Argument::Kind::Value ? argument.value : -1;
  const ValueIndex* value = std::get_if<ValueIndex>(&argument.list[operand.element]);
  return value == nullptr ? -1 : *value;
}

std::vector<bool> valuesToKeep(const Plan& plan, const std::vector<ValueIndex>& patched) {
  std::vector<bool> kept(plan.graph().valueCount(), false);
  std::vector<bool> differs(kept.size(), false);
  for (ValueIndex value : patched) kept.at(value) = differs.at(value) = true;
  for (ValueIndex output : plan.outputs()) kept[output] = true;
  for (const Step& step : plan.steps()) {
    bool reached = step.when && differs[step.when->value];
    forEachUse(step.arguments, [&](ValueIndex value) { reached = reached || differs[value]; });
    if (!reached) continue;
    forEachUse(step.arguments, [&](ValueIndex value) { kept[value] = true; });
    for (ValueIndex result : step.results) {
      if (result >= 0) kept[result] = differs[result] = true;
    }
  }
  return kept;
}

Survey::Survey(std::shared_ptr<const Run> base, std::vector<CellPatches> cells, const SurveyOptions& options)
    : base_(std::move(base)), cells_(std::move(cells)), options_(options) {
  const size_t values = plan().graph().valueCount();
  differs_.assign(values, false);
  patched_.assign(values, false);
  layouts_.assign(values, {});
  needed_.assign(values, {});
  users_.assign(values, {});
  reached_.assign(plan().steps().size(), false);
  rules_.resize(plan().steps().size());
  for (size_t i = 0; i < base_->patches().size(); ++i) {
    const PlacedPatch& placed = base_->patches()[i];
    patched_[placed.value] = true;
    if (placed.patch.kind != PatchKind::Probe && placed.patch.kind != PatchKind::Record)
      basePatches_[placed.value].push_back(i);
  }
  findDiffering();
  findRules();
  findNeeded();
  for (size_t step = 0; step < rules_.size(); ++step) {
    if (options_.reading && canBeRead(step)) read_ = plan().steps()[step].results[0];
    if (reached_[step] && options_.reusesPositions) findReach(step);
  }
}

const c10::IValue& Survey::unpatched(ValueIndex value) const {
  const auto found = base_->unpatchedValues().find(value);
  return found == base_->unpatchedValues().end() ? frame()[value] : found->second;
}

const std::vector<size_t>& Survey::basePatches(ValueIndex value) const {
  static const std::vector<size_t> none;
  const auto found = basePatches_.find(value);
  return found == basePatches_.end() ? none : found->second;
}

const Reading* Survey::reading(ValueIndex value) const {
  return value >= 0 && value == read_ ? &*options_.reading : nullptr;
}

// Whether the step makes the only output, for all cells by its rule, [texts, positions, vocabulary]; and
// nobody else looks at it.
bool Survey::canBeRead(size_t index) const {
  const Step& step = plan().steps()[index];
  const RowRule& rule = rules_[index];
  const std::vector<ValueIndex>& outputs = plan().outputs();
  if (!reached_[index] || rule.mode != RowMode::Call || step.results.size() != 1 || outputs.size() != 1 ||
      outputs[0] != step.results[0])
    return false;
  const ValueIndex value = outputs[0];
  const RowLayout wanted{0, 1, false};
  const bool isApart =
      std::all_of(rule.operands.begin(), rule.operands.end(), [&](const RowOperand& operand) {
        const ValueIndex given = operandValue(step, operand);
        return given < 0 || !differs_[given] || operand.mayDiffer;
      });
  const at::Tensor& tensor = frame()[value].toTensor();
  return isApart && users_[value].empty() && !patched_[value] && !step.when && layouts_[value] == wanted &&
         rule.layout == wanted && tensor.dim() == 3 && tensor.is_floating_point();
}

const RowReach* Survey::reach(size_t step) const {
  const auto found = reaches_.find(step);
  return found == reaches_.end() ? nullptr : &found->second;
}

void Survey::findDiffering() {
  for (const CellPatches& cell : cells_) {
    for (const PlacedPatch& placed : cell) differs_[placed.value] = patched_[placed.value] = true;
  }
  for (size_t i = 0; i < plan().steps().size(); ++i) {
    const Step& step = plan().steps()[i];
    bool reached = step.when && differs_[step.when->value];
    forEachUse(step.arguments, [&](ValueIndex value) {
      users_[value].push_back(i);
      reached = reached || differs_[value];
    });
    if (!reached) continue;
    reached_[i] = true;
    for (ValueIndex result : step.results) {
      if (result >= 0) differs_[result] = true;
    }
  }
}

void Survey::findRules() {
  const auto guess = [&](ValueIndex value) {
    const c10::IValue& content = frame()[value];
    if (content.isTensor()) layouts_[value] = guessLayout(content.toTensor().sizes(), counts());
  };
  for (ValueIndex input : plan().graph().inputs()) guess(input);
  for (ValueIndex value : plan().patchedAtStart()) {
    if (plan().graph().constantOf(value) == nullptr) guess(value);
  }
  for (size_t i = plan().shapeSteps(); i < plan().steps().size(); ++i) {
    const Step& step = plan().steps()[i];
    bool there = !step.results.empty();
    for (ValueIndex result : step.results) there = there && result >= 0 && frame()[result].isTensor();
    bool fromRows = false;
    forEachUse(step.arguments, [&](ValueIndex value) {
      fromRows = fromRows || layouts_[value].hasRows() || differs_[value];
      there = there && !frame()[value].isNone();
    });
    if (!there || !fromRows) {
      for (ValueIndex result : step.results) {
        if (result >= 0) guess(result);
      }
      continue;
    }
    rules_[i] = rowRule(step, frame(), layouts_, differs_, counts());
    for (ValueIndex result : step.results) {
      if (rules_[i].mode != RowMode::PerCell && rules_[i].layout.hasPositions()) {
        layouts_[result] = rules_[i].layout;
      } else {
        guess(result);
      }
    }
  }
}

void Survey::findNeeded() {
  for (ValueIndex output : plan().outputs()) {
    const RowLayout& layout = layouts_[output];
    needed_[output] = all(layout);
    if (options_.read && layout == RowLayout{0, 1, false}) needed_[output] = *options_.read;
  }
  // Patches that look at several positions, on values that may differ before them.
  std::vector<bool> seen(needed_.size(), false);
  for (const CellPatches& cell : cells_) {
    for (const PlacedPatch& placed : cell) {
      if (!isElementwise(placed.patch.kind)) seen[placed.value] = true;
    }
  }
  for (const auto& [value, patches] : basePatches_) {
    for (size_t i : patches) {
      if (!isElementwise(basePatch(i).kind)) seen[value] = true;
    }
  }
  for (size_t i = rules_.size(); i-- > 0;) {
    for (ValueIndex result : plan().steps()[i].results) {
      if (result >= 0 && seen[result] && !needed_[result].isEmpty()) needed_[result] = all(layouts_[result]);
    }
    if (reached_[i]) needOperands(i);
  }
}

void Survey::needOperands(size_t index) {
  const Step& step = plan().steps()[index];
  // Sizes are the base run's.
  if (std::holds_alternative<NumberCall>(step.node->operation)) return;
  const RowRule& rule = rules_[index];
  Positions wanted;
  bool byPosition = rule.mode != RowMode::PerCell && rule.layout.hasPositions();
  for (ValueIndex result : step.results) {
    if (result < 0) continue;
    wanted.join(needed_[result]);
    byPosition = byPosition && layouts_[result].hasPositions();
  }
  if (wanted.isEmpty()) return;
  const bool sees =
      rule.mode == RowMode::Scores || rule.mode == RowMode::Mix || rule.mode == RowMode::Attention;
  forEachUse(step.arguments, [&](ValueIndex value) {
    bool whole = !byPosition || !layouts_[value].hasPositions();
    for (size_t i = 0; i < rule.operands.size() && !whole; ++i) {
      if (operandValue(step, rule.operands[i]) != value) continue;
      whole = (sees && i > 0) || !rule.operands[i].mayDiffer || !rule.operands[i].layout.hasPositions();
    }
    needed_[value].join(whole ? all(layouts_[value]) : wanted);
  });
}

// The step that uses the value, if it is the only one; and nobody else looks at it.
size_t Survey::onlyUser(ValueIndex value) const {
  const bool isOutput = std::count(plan().outputs().begin(), plan().outputs().end(), value) > 0;
  return isOutput || patched_[value] || users_[value].size() != 1 ? rules_.size() : users_[value][0];
}

bool Survey::isPlain(ValueIndex value) const {
  const at::Tensor& tensor = frame()[value].toTensor();
  if (tensor.numel() == 0) return true;
  return tensor.abs().max().item<double>() < kReasonable;
}

// What the masks hide that follow on the scores of step `index`: [positions, positions], true where a
// position sees the other one. Between the scores and the mask nobody else may look at them, for what is
// hidden later is not computed.
std::optional<at::Tensor> Survey::seenAfter(size_t index) const {
  const int64_t positions = counts().positions;
  std::optional<at::Tensor> seen;
  ValueIndex value = plan().steps()[index].results[0];
  while (true) {
    const size_t next = onlyUser(value);
    if (next == rules_.size()) break;
    const Step& step = plan().steps()[next];
    const bool isAlias = std::holds_alternative<Alias>(step.node->operation);
    if (rules_[next].mode != RowMode::Call || step.results.size() != 1) break;
    if (!isAlias) {
      const c10::FunctionSchema& schema = std::get<OperatorCall>(step.node->operation).handle.schema();
      const std::string_view name = schema.name();
      static constexpr std::string_view kPassed[] = {
          "aten::mul",   "aten::div",        "aten::tanh", "aten::to",    "aten::_to_copy",
          "aten::clone", "aten::contiguous", "aten::add",  "aten::where", "aten::masked_fill"};
      if (std::find(std::begin(kPassed), std::end(kPassed), name) == std::end(kPassed)) break;
      // Only the scores may differ.
      std::vector<c10::IValue> arguments;
      int place = -1;
      bool others = false;
      for (size_t i = 0; i < step.arguments.size(); ++i) {
        const Argument& argument = step.arguments[i];
        arguments.push_back(argumentValue(argument, frame()));
        if (argument.kind != Argument::Kind::Value) continue;
        if (argument.value == value) {
          place = static_cast<int>(i);
        } else {
          others = others || differs_[argument.value];
        }
      }
      if (others || place < 0) break;
      std::optional<at::Tensor> mask;
      const auto tensorAt = [&](size_t i) -> std::optional<at::Tensor> {
        if (i >= arguments.size() || !arguments[i].isTensor() || arguments[i].toTensor().dim() < 1)
          return std::nullopt;
        return arguments[i].toTensor();
      };
      if (name == "aten::add" && arguments.at(2).toScalar().toDouble() == 1)
        mask = tensorAt(place == 0 ? 1 : 0);
      if (name == "aten::where" && place > 0) {
        mask = tensorAt(0);
        if (mask && place == 2) mask = mask->logical_not();
      }
      if (name == "aten::masked_fill" && place == 0) {
        mask = tensorAt(1);
        if (mask) mask = mask->logical_not();
      }
      const bool fits = mask && mask->size(-1) == positions &&
                        (mask->dim() < 2 || mask->size(-2) == positions || mask->size(-2) == 1);
      if (fits) {
        const at::Tensor allowed = seenThrough(*mask, positions);
        seen = seen ? at::logical_and(*seen, allowed) : allowed;
      }
    }
    value = step.results[0];
  }
  return seen;
}

void Survey::findReach(size_t index) {
  const RowRule& rule = rules_[index];
  const Step& step = plan().steps()[index];
  const int64_t positions = counts().positions;
  if (rule.mode == RowMode::Mix) {
    reaches_.emplace(index, reachOfWeights(frame()[operandValue(step, rule.operands[0])].toTensor()));
  } else if (rule.mode == RowMode::Scores) {
    const auto seen = seenAfter(index);
    if (seen && isPlain(operandValue(step, rule.operands[0]))) reaches_.emplace(index, reachOf(*seen));
  } else if (rule.mode == RowMode::Attention) {
    const c10::IValue mask = argumentValue(step.arguments.at(3), frame());
    at::Tensor seen = at::ones({positions, positions}, at::kBool);
    if (argumentValue(step.arguments.at(5), frame()).toBool()) seen = seen.tril();
    if (mask.isTensor()) seen = at::logical_and(seen, keptBySoftmax(mask.toTensor(), positions).to(at::kCPU));
    if (isPlain(operandValue(step, rule.operands[0]))) reaches_.emplace(index, reachOf(seen));
  }
}

Positions Survey::spread(size_t index, const std::vector<Positions>& own) const {
  const RowRule& rule = rules_[index];
  const bool sees =
      rule.mode == RowMode::Scores || rule.mode == RowMode::Mix || rule.mode == RowMode::Attention;
  Positions result;
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i].isEmpty()) continue;
    if (sees && i > 0) {
      const RowReach* seen = reach(index);
      if (seen == nullptr) return all(rule.layout);
      const auto [begin, end] = seen->watching(own[i].begin, own[i].end);
      result.join({begin, end});
    } else if (rule.layout.hasPositions() && !options_.reusesPositions) {
      return all(rule.layout);
    } else if (rule.layout.hasPositions() && rule.operands[i].layout.hasPositions()) {
      result.join(own[i]);
    } else {
      return all(rule.layout);
    }
  }
  return result;
}

}  // namespace graphpatch
