#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>
#include <vector>

#include "../row_rules.h"

namespace graphpatch {

// Reads what a step is given in a run, for the rules. Arguments are numbered as in the operator's schema;
// `element` is the place in a list argument, -1 for an argument that is the tensor itself.
class StepReader {
 public:
  // `byTexts`: looks at values as rows of whole texts only.
  StepReader(const Step& step, const std::vector<c10::IValue>& frame, const std::vector<RowLayout>& layouts,
             const std::vector<bool>& differs, const RowCounts& counts, bool byTexts);

  const RowCounts& counts() const { return counts_; }
  // Of a step that calls an operator.
  const c10::FunctionSchema& schema() const;
  // The first result in the run; only where it is a tensor.
  bool givesTensor() const { return frame_[step_.node->results[0]].isTensor(); }
  const at::Tensor& result() const { return frame_[step_.node->results[0]].toTensor(); }

  c10::IValue argument(int argument) const;
  // nullptr for what is no tensor.
  const at::Tensor* tensor(int argument, int element = -1) const;
  int dimOf(int argument) const;
  bool mayDiffer(int argument, int element = -1) const;
  RowLayout layoutOf(int argument, int element = -1) const;
  // The layout of a tensor, if it has rows that fit its sizes.
  std::optional<RowLayout> rowsOf(int argument, int element = -1) const;
  // Whether rows of both are the same.
  bool agree(const RowLayout& a, const RowLayout& b) const;

  // Where the schema has an argument; -1 for nowhere.
  int place(std::string_view name) const;
  bool isTrue(int argument) const;
  bool isList(int argument) const;
  // Dimensions that an argument names, from the front; nothing for None.
  std::optional<std::vector<int64_t>> dims(int argument, int64_t rank) const;

  // A rule that calls the operator on the rows of one argument, all other tensors as they are.
  RowRule withOperands(int rows, const RowLayout& layout) const;

  template <class F>
  void forEachTensor(F&& visit) const {
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

 private:
  ValueIndex index(int argument, int element) const;

  const Step& step_;
  const std::vector<c10::IValue>& frame_;
  const std::vector<RowLayout>& layouts_;
  const std::vector<bool>& differs_;
  const RowCounts& counts_;
  bool byTexts_;
};

// Whether dimensions are part of what a row holds.
bool areRest(const std::vector<int64_t>& dims, const RowLayout& layout);
// Dimensions of a value as dimensions of its rows, for an argument that is a list or one number.
c10::IValue inRows(const std::vector<int64_t>& dims, const RowLayout& layout, bool isList);

}  // namespace graphpatch
