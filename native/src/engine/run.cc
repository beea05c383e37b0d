#include "run.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "../errors/errors.h"
#include "arguments.h"
#include "packed_call.h"
#include "step_error.h"

namespace graphpatch {

namespace {

bool wantsGradient(const c10::IValue& value) { return value.isTensor() && value.toTensor().requires_grad(); }

// Below autograd's keys operators run the same kernels without looking for gradients to record.
class GradientMode {
 public:
  GradientMode(bool enabled, bool records) : mode_(enabled) {
    if (!records) below_.emplace();
  }

 private:
  at::AutoGradMode mode_;
  std::optional<at::AutoDispatchBelowADInplaceOrView> below_;
};

}  // namespace

Run::Run(std::shared_ptr<const Plan> plan, std::vector<c10::IValue> inputs, std::vector<PlacedPatch> patches,
         bool gradEnabled)
    : plan_(std::move(plan)),
      frame_(plan_->graph().valueCount()),
      patches_(std::move(patches)),
      outcomes_(patches_.size()),
      gradEnabled_(gradEnabled),
      loops_(plan_->loops().size()) {
  const std::vector<ValueIndex>& places = plan_->graph().inputs();
  for (size_t i = 0; i < places.size(); ++i) {
    if (inputs.at(i).isTensor()) {
      const at::IntArrayRef sizes = inputs[i].toTensor().sizes();
      shapeKey_.push_back(static_cast<int64_t>(sizes.size()));
      shapeKey_.insert(shapeKey_.end(), sizes.begin(), sizes.end());
    }
    addForeign(inputs[i]);
    frame_[places[i]] = std::move(inputs[i]);
  }
  for (const PlacedPatch& placed : patches_) addForeign(placed.patch.value);
  patchesOf_.reserve(patches_.size());
  for (size_t i = 0; i < patches_.size(); ++i) {
    PatchRange& range = patchesOf_[patches_[i].value];
    if (range.end != 0 && range.end != i)
      throw GraphpatchError("ArgumentError", "patches of one value lie apart");
    if (range.end == 0) range.begin = i;
    range.end = i + 1;
  }
  recordsGradients_ = recordsGradients(gradEnabled);
  for (ValueIndex value : plan_->patchedAtStart()) {
    if (const at::Tensor* tensor = plan_->graph().constantOf(value)) frame_[value] = *tensor;
    queuePatchesOf(value);
  }
}

bool Run::recordsGradients(bool gradEnabled) const {
  if (!gradEnabled) return false;
  for (const PlacedPatch& placed : patches_) {
    if (placed.patch.keepGradient || placed.patch.kind == PatchKind::Custom ||
        wantsGradient(placed.patch.value)) {
      return true;
    }
  }
  for (ValueIndex input : plan_->graph().inputs()) {
    if (wantsGradient(frame_[input])) return true;
  }
  for (const at::Tensor& constant : plan_->constants()) {
    if (constant.requires_grad()) return true;
  }
  return false;
}

// Begins after the steps that depend on shapes only, if their results are known.
void Run::recallShapeValues() {
  if (plan_->shapeSteps() == 0) return;
  const auto constants = plan_->constants().begin();
  const bool ofTrained =
      recordsGradients_ && std::any_of(constants, constants + plan_->shapeConstants(),
                                       [](const at::Tensor& tensor) { return tensor.requires_grad(); });
  if (ofTrained) return;
  for (size_t i = 0; i < plan_->shapeConstants(); ++i) shapeKey_.push_back(plan_->constants()[i]._version());
  if (plan_->cache().shapeMemo.recall(shapeKey_, plan_->shapeValues(), frame_)) {
    nextStep_ = plan_->shapeSteps();
  } else {
    learnsShapes_ = true;
  }
}

bool Run::advance() {
  const GradientMode mode(gradEnabled_, recordsGradients_);
  const std::vector<Step>& steps = plan_->steps();
  if (nextStep_ == 0 && !learnsShapes_) recallShapeValues();
  while (true) {
    if (patchPending()) return false;
    if (current_ != nullptr) release();
    if (learnsShapes_ && nextStep_ == plan_->shapeSteps()) {
      plan_->cache().shapeMemo.remember(shapeKey_, plan_->shapeValues(), frame_);
      learnsShapes_ = false;
    }
    if (nextStep_ == steps.size()) break;
    if (cancelled_.load(std::memory_order_relaxed)) {
      throw GraphpatchError("CancelledError",
                            "the run was cancelled before node " + steps[nextStep_].node->name);
    }
    current_ = &steps[nextStep_++];
    if (current_->when && !branchRuns(*current_)) {
      if (current_->loop >= 0) skipLoop(current_->loop);
      continue;
    }
    if (std::holds_alternative<JavascriptCall>(current_->node->operation)) {
      atCall_ = true;
      return false;
    }
    runStep(*current_);
    if (!current_->patched.empty()) queuePatches();
  }
  finish();
  return true;
}

void Run::release() {
  for (ValueIndex value : current_->released) {
    if (keep_.empty() || !keep_[value]) frame_[value] = c10::IValue();
  }
  if (leftLoop_ < 0) return;
  for (ValueIndex value : plan_->loops()[leftLoop_].released) frame_[value] = c10::IValue();
  leftLoop_ = -1;
}

// Results of a branch that does not run stay empty, and so does what is made of them.
bool Run::branchRuns(const Step& step) const {
  const c10::IValue& condition = frame_[step.when->value];
  return !condition.isNone() && (integerOf(condition) != 0) == step.when->expected;
}

const JavascriptCall* Run::pausedCall() const {
  return atCall_ ? &std::get<JavascriptCall>(current_->node->operation) : nullptr;
}

std::vector<c10::IValue> Run::pausedArguments() const {
  std::vector<c10::IValue> arguments;
  for (const Argument& argument : current_->arguments) arguments.push_back(argumentValue(argument, frame_));
  return arguments;
}

void Run::resumeCall(std::vector<c10::IValue> results) {
  if (results.size() != current_->results.size()) {
    throw GraphpatchError("ArgumentError", "operator " + pausedCall()->name + " at node " +
                                               current_->node->name + " gave " +
                                               std::to_string(results.size()) + " values instead of " +
                                               std::to_string(current_->results.size()));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    addForeign(results[i]);
    if (current_->results[i] >= 0) frame_[current_->results[i]] = std::move(results[i]);
  }
  atCall_ = false;
  queuePatches();
}

void Run::runStep(const Step& step) {
  if (const auto* call = std::get_if<OperatorCall>(&step.node->operation)) {
    if (!step.packable || !callPacked(step)) callOperator(step, *call);
  } else if (std::holds_alternative<Alias>(step.node->operation)) {
    if (step.results[0] >= 0) frame_[step.results[0]] = argumentValue(step.arguments[0], frame_);
  } else if (const auto* number = std::get_if<NumberCall>(&step.node->operation)) {
    callNumber(step, *number);
  } else if (std::holds_alternative<Merge>(step.node->operation)) {
    merge(step);
  } else if (std::holds_alternative<Loop>(step.node->operation)) {
    beginRound(step);
  } else if (std::holds_alternative<While>(step.node->operation)) {
    if (integerOf(argumentValue(step.arguments[0], frame_)) == 0) leaveLoop(step.loop);
  } else if (std::holds_alternative<Repeat>(step.node->operation)) {
    endRound(step);
  } else {
    checkGuard(step, std::get<Guard>(step.node->operation));
  }
}

void Run::callOperator(const Step& step, const OperatorCall& call) {
  stack_.clear();
  for (const Argument& argument : step.arguments) stack_.push_back(operatorArgument(argument, frame_));
  try {
    call.call(stack_);
  } catch (const c10::Error& error) {
    std::vector<c10::IValue> arguments;
    for (const Argument& argument : step.arguments) arguments.push_back(argumentValue(argument, frame_));
    throwStepError(*step.node, call.handle, arguments, error);
  }
  if (step.results.size() == 1 && stack_.size() == 1 && !stack_[0].isTensorList()) {
    if (step.results[0] >= 0) frame_[step.results[0]] = std::move(stack_[0]);
    return;
  }
  const std::vector<c10::IValue> results = resultsOf(stack_, step.results.size());
  if (results.size() < step.results.size()) {
    throw GraphpatchError("ShapeError", "node " + step.node->name + " gave " +
                                            std::to_string(results.size()) + " values where " +
                                            std::to_string(step.results.size()) + " were captured");
  }
  for (size_t i = 0; i < step.results.size(); ++i) {
    if (step.results[i] >= 0) frame_[step.results[i]] = results[i];
  }
}

// Multiplies by the packed weight; false where only the operator itself will do.
bool Run::callPacked(const Step& step) {
  const PackableLinear& linear = *step.packable;
  const c10::IValue input = argumentValue(step.arguments[linear.input], frame_);
  const c10::IValue bias =
      linear.bias < 0 ? c10::IValue() : argumentValue(step.arguments[linear.bias], frame_);
  if (!packs_ || recordsGradients_ || !input.isTensor()) return false;
  const auto result = multiplyPacked(step, plan_->cache().packedWeights, input.toTensor(), bias);
  if (result) frame_[step.results[0]] = *result;
  return result.has_value();
}

void Run::callNumber(const Step& step, const NumberCall& call) {
  stack_.clear();
  for (const Argument& argument : step.arguments) stack_.push_back(argumentValue(argument, frame_));
  if (step.results[0] >= 0) frame_[step.results[0]] = evaluateNumberOp(call.op, stack_);
}

void Run::checkGuard(const Step& step, const Guard& guard) {
  const int64_t actual = integerOf(argumentValue(step.arguments[0], frame_));
  if (actual == guard.expected) return;
  if (!guard.message.empty()) {
    throw GraphpatchError("ShapeError", "this input breaks an assumption of the model: " + guard.message +
                                            "; " + step.node->code);
  }
  std::ostringstream message;
  message << "this input does not fit the captured graph: " << step.node->name << " was " << guard.expected
          << " at capture and is " << actual << " now; " << step.node->code;
  throw GraphpatchError("ShapeError", message.str());
}

// What the caller may write to: no part of something that later runs use.
c10::IValue Run::outputOf(ValueIndex value) const {
  const c10::IValue& output = frame_[value];
  if (output.isNone()) {
    const at::Tensor* constant = plan_->graph().constantOf(value);
    return constant ? c10::IValue(*constant) : output;
  }
  if (!output.isTensor()) return output;
  const at::Tensor& tensor = output.toTensor();
  return plan_->cache().shapeMemo.shares(tensor) ? c10::IValue(tensor.clone()) : output;
}

void Run::finish() {
  results_.reserve(plan_->outputs().size());
  for (ValueIndex output : plan_->outputs()) results_.push_back(outputOf(output));
  if (keep_.empty()) frame_.clear();
  loops_.clear();
  stack_.clear();
}

void Run::clear() {
  loops_.clear();
  results_.clear();
  outcomes_.clear();
  if (!keep_.empty()) return;
  frame_.clear();
  patches_.clear();
}

}  // namespace graphpatch
