// A run's branches and loops.
#include <ATen/ATen.h>

#include "../errors/errors.h"
#include "arguments.h"
#include "run.h"

namespace graphpatch {

void Run::merge(const Step& step) {
  const bool condition = integerOf(argumentValue(step.arguments[0], frame_)) != 0;
  if (step.results[0] >= 0)
    frame_[step.results[0]] = argumentValue(step.arguments[condition ? 1 : 2], frame_);
}

void Run::beginRound(const Step& step) {
  LoopState& state = loops_[step.loop];
  if (++state.round == 0) {
    const Step& end = plan_->steps()[plan_->loops()[step.loop].end];
    state.stacks.assign(end.results.size() - step.arguments.size(), {});
    for (const Argument& argument : step.arguments) state.carried.push_back(argumentValue(argument, frame_));
    // Of an earlier time that the loop was run, by a loop around it.
    for (ValueIndex result : end.results) {
      if (result >= 0) frame_[result] = c10::IValue();
    }
  }
  for (ValueIndex condition : plan_->loops()[step.loop].conditions) frame_[condition] = c10::IValue();
  if (step.results[0] >= 0) frame_[step.results[0]] = state.round;
  for (size_t i = 0; i < state.carried.size(); ++i) {
    if (step.results[i + 1] >= 0) frame_[step.results[i + 1]] = std::move(state.carried[i]);
  }
  state.carried.clear();
}

void Run::endRound(const Step& step) {
  LoopState& state = loops_[step.loop];
  const size_t carried = step.results.size() - state.stacks.size();
  for (size_t i = 0; i < carried; ++i)
    state.carried.push_back(argumentValue(step.arguments[carried + i], frame_));
  for (size_t i = 0; i < state.stacks.size(); ++i) {
    const c10::IValue added = argumentValue(step.arguments[2 * carried + i], frame_);
    if (!added.isTensor())
      throw GraphpatchError("ArgumentError", "node " + step.node->name + " stacks no tensor");
    state.stacks[i].push_back(added.toTensor());
  }
  nextStep_ = plan_->loops()[step.loop].begin;
}

// What the loop gives is the result of its last step.
void Run::leaveLoop(size_t loop) {
  LoopState& state = loops_[loop];
  const size_t end = plan_->loops()[loop].end;
  const Step& step = plan_->steps()[end];
  const size_t carried = step.results.size() - state.stacks.size();
  for (size_t i = 0; i < step.results.size(); ++i) {
    if (step.results[i] < 0) continue;
    if (i < carried) {
      frame_[step.results[i]] = argumentValue(step.arguments[i], frame_);
    } else if (state.round > 0) {
      frame_[step.results[i]] = at::stack(state.stacks[i - carried]);
    } else {
      throw GraphpatchError(
          "ShapeError",
          "the loop " + step.node->name + " has no rounds, so that nothing tells the shape of its results");
    }
  }
  skipLoop(loop);
}

// Goes on after the loop.
void Run::skipLoop(size_t loop) {
  release();
  loops_[loop] = LoopState();
  const size_t end = plan_->loops()[loop].end;
  current_ = &plan_->steps()[end];
  leftLoop_ = static_cast<int32_t>(loop);
  nextStep_ = end + 1;
}

}  // namespace graphpatch
