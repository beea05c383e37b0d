#pragma once

#include <utility>
#include <vector>

#include "step_spans.h"
#include "wave_values.h"

namespace graphpatch {

// Steps one after the other that do little to each row, such as the operators that a GELU is written with:
// reading and writing takes most of their time. They are taken through together for a few rows at a time, so
// that what they hand on stays in the caches that a core has to itself.
class RowChain {
 public:
  // As many of `spans` from place `first` on as can be taken together. After step `end` - 1 its results are
  // looked at, whether steps use them or not.
  RowChain(const Survey& survey, const SpansOfSteps& spans, size_t first, size_t end);

  // How many places of `spans` it takes; 0 where it would gain nothing.
  size_t length() const { return links_.size(); }

  // Computes them for rows of `spans`, numbered, and puts what is used later.
  void run(const std::vector<CellSpan>& spans, WaveValues& values) const;

 private:
  enum class Kind {
    Computes,
    // The same elements in another shape or order.
    Views,
    // Views of what was made before the chain: of all rows at once.
    ViewsOther,
  };
  // Values that are made in the chain are numbered: slots.
  struct Link {
    size_t step;
    Kind kind;
    // Of each operand; -1 for what is made elsewhere.
    std::vector<int> slots;
    int firstResult = 0;
  };
  // What a link is given in all strips, and what it is given rows of.
  struct Given {
    std::vector<c10::IValue> arguments;
    std::vector<std::pair<size_t, at::Tensor>> rows;
  };

  bool add(const StepSpans& first, size_t step, const StepSpans& spans);
  void finish(size_t end);
  int64_t rowBytes() const;
  Given give(const Link& link, const std::vector<CellSpan>& spans, const WaveValues& values) const;
  std::vector<at::Tensor> call(const Link& link, const Given& given, const std::vector<at::Tensor>& made,
                               int64_t begin, int64_t count) const;
  at::Tensor asOperand(const Link& link, size_t operand, const at::Tensor& rows) const;
  const Step& stepOf(const Link& link) const { return survey_.plan().steps()[link.step]; }

  const Survey& survey_;
  std::vector<Link> links_;
  // The value of each slot, and whether it is used after the chain.
  std::vector<ValueIndex> made_;
  std::vector<bool> isKept_;
};

}  // namespace graphpatch
