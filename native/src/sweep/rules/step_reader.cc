#include "step_reader.h"

#include <algorithm>

#include "../../engine/arguments.h"

namespace graphpatch {

StepReader::StepReader(const Step& step, const std::vector<c10::IValue>& frame,
                       const std::vector<RowLayout>& layouts, const std::vector<bool>& differs,
                       const RowCounts& counts, bool byTexts)
    : step_(step), frame_(frame), layouts_(layouts), differs_(differs), counts_(counts), byTexts_(byTexts) {}

const c10::FunctionSchema& StepReader::schema() const {
  return std::get<OperatorCall>(step_.node->operation).handle.schema();
}

c10::IValue StepReader::argument(int argument) const {
  return argumentValue(step_.arguments.at(argument), frame_);
}

const at::Tensor* StepReader::tensor(int argument, int element) const {
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
  const bool isThere = value != nullptr && value->isTensor() && value->toTensor().defined();
  return isThere ? &value->toTensor() : nullptr;
}

int StepReader::dimOf(int argument) const {
  const at::Tensor* given = tensor(argument);
  return given == nullptr ? -1 : static_cast<int>(given->dim());
}

ValueIndex StepReader::index(int argument, int element) const {
  const Argument& given = step_.arguments.at(argument);
  if (element < 0) return given.kind == Argument::Kind::Value ? given.value : -1;
  const ValueIndex* value = std::get_if<ValueIndex>(&given.list.at(element));
  return value == nullptr ? -1 : *value;
}

bool StepReader::mayDiffer(int argument, int element) const {
  const ValueIndex value = index(argument, element);
  return value >= 0 && differs_[value];
}

RowLayout StepReader::layoutOf(int argument, int element) const {
  const ValueIndex value = index(argument, element);
  if (value < 0) return {};
  return byTexts_ ? layouts_[value].byTexts() : layouts_[value];
}

std::optional<RowLayout> StepReader::rowsOf(int argument, int element) const {
  const at::Tensor* given = tensor(argument, element);
  const RowLayout layout = layoutOf(argument, element);
  if (given == nullptr || !layout.hasRows() || !layout.fits(given->sizes(), counts_)) return std::nullopt;
  return layout;
}

bool StepReader::agree(const RowLayout& a, const RowLayout& b) const {
  return a == b ||
         (counts_.texts == 1 && a.positions == b.positions && !a.isFlat && !b.isFlat && a.hasPositions());
}

int StepReader::place(std::string_view name) const {
  const auto& arguments = schema().arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name() == name) return static_cast<int>(i);
  }
  return -1;
}

bool StepReader::isTrue(int argument) const {
  const c10::IValue value = this->argument(argument);
  return value.isBool() && value.toBool();
}

bool StepReader::isList(int argument) const { return !this->argument(argument).isInt(); }

std::optional<std::vector<int64_t>> StepReader::dims(int argument, int64_t rank) const {
  const c10::IValue value = this->argument(argument);
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

RowRule StepReader::withOperands(int rows, const RowLayout& layout) const {
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

bool areRest(const std::vector<int64_t>& dims, const RowLayout& layout) {
  return !dims.empty() && std::all_of(dims.begin(), dims.end(),
                                      [&](int64_t dim) { return layout.isRest(static_cast<int>(dim)); });
}

c10::IValue inRows(const std::vector<int64_t>& dims, const RowLayout& layout, bool isList) {
  std::vector<int64_t> moved;
  for (int64_t dim : dims) moved.push_back(layout.rowDim(static_cast<int>(dim)));
  return isList ? c10::IValue(moved) : c10::IValue(moved.front());
}

}  // namespace graphpatch
