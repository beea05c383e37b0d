#include "async/leavable_call.h"

#include <ATen/ATen.h>
#include <ATen/ThreadLocalState.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "async/engine_thread.h"
#include "async/recording_order.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

// Going to another thread and back takes some 0.05 ms. From these on an operator takes milliseconds at least.
constexpr double kManyElements = 8e6;
constexpr double kManyProducts = 2e9;
// Of integers that are looked at one by one.
constexpr int64_t kFewElements = 256;
// Of a list, whose shapes are told.
constexpr size_t kFewTensors = 4;

// Never destroyed: another thread may still be at work when the process ends.
struct Waits {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t left = 0;  // how often calls were left
  static Waits& instance() {
    static Waits& waits = *new Waits();
    return waits;
  }
};

struct LeavableCall {
  torch::jit::Stack stack;
  std::exception_ptr error;
  uint64_t recorded = 0;  // under Waits::mutex, as below
  bool done = false;
};

// What the arguments say of the work of a call.
class Amount {
 public:
  void add(const c10::IValue& value) {
    if (value.isInt()) count(value.toInt());
    if (value.isIntList()) {
      double made = 1;
      for (const int64_t size : value.toIntVector()) made *= static_cast<double>(std::max<int64_t>(size, 1));
      most_ = std::max(most_, made);
    }
    if (value.isTensor()) add(value.toTensor());
    if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) add(tensor);
    }
  }

  bool mayTakeLong() const {
    return std::max(elements_, most_) >= kManyElements || products_ >= kManyProducts;
  }

 private:
  void add(const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    countIn(tensor);
    const auto elements = static_cast<double>(tensor.numel());
    elements_ += elements;
    products_ = std::max(products_, before_ * elements);
    before_ = elements;
    if (tensor.dim() < 2) return;
    const auto last = static_cast<double>(std::max<int64_t>(tensor.size(-1), 1));
    products_ = std::max(products_, elements * std::min(last, static_cast<double>(tensor.size(-2))));
    before_ = elements / last;
  }

  // A number may be how often an operator does something.
  void count(int64_t number) { most_ = std::max(most_, static_cast<double>(number)); }
  void countIn(const at::Tensor& tensor) {
    if (tensor.scalar_type() != at::kLong || tensor.layout() != at::kStrided || !tensor.is_cpu() ||
        !tensor.is_contiguous() || tensor.numel() > kFewElements)
      return;
    const auto* numbers = tensor.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < tensor.numel(); ++i) count(numbers[i]);
  }

  double elements_ = 0;  // that it reads
  double most_ = 0;      // elements that it is to make, and other numbers
  double products_ = 0;  // of two tensors, and within a matrix
  double before_ = 0;    // elements of the tensor before; of a matrix, its rows
};

bool mayTakeLong(const torch::jit::Stack& stack) {
  Amount amount;
  for (const c10::IValue& value : stack) amount.add(value);
  return amount.mayTakeLong();
}

std::string describe(const c10::OperatorHandle& handle, const std::string& shapes) {
  std::string written;
  for (const c10::Argument& argument : handle.schema().arguments()) {
    if (argument.alias_info() && argument.alias_info()->isWrite()) {
      written = ", writing to its argument " + argument.name();
      break;
    }
  }
  return handle.schema().name() + shapes +
         " was left when the cell was interrupted: nothing can stop it, and it goes on to its end in "
         "the background" +
         written;
}

std::string shapesOf(const torch::jit::Stack& stack) {
  std::ostringstream text;
  bool first = true;
  const auto add = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    text << (first ? " of " : ", ") << tensor.sizes();
    first = false;
  };
  for (const c10::IValue& value : stack) {
    if (value.isTensor()) add(value.toTensor());
    if (value.isTensorList()) {
      const std::vector<at::Tensor> tensors = value.toTensorVector();
      std::for_each_n(tensors.begin(), std::min(tensors.size(), kFewTensors), add);
      if (tensors.size() > kFewTensors) text << " and " << tensors.size() - kFewTensors << " more";
    }
  }
  return text.str();
}

}  // namespace

void callLeavable(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  if (!mayTakeLong(stack)) {
    handle.callBoxed(stack);
    return;
  }
  Waits& waits = Waits::instance();
  const std::string shapes = shapesOf(stack);
  const auto call = std::make_shared<LeavableCall>();
  call->stack = std::move(stack);
  stack.clear();
  std::unique_lock lock(waits.mutex);
  const uint64_t before = waits.left;
  runAside([call, handle, &waits, state = at::ThreadLocalState(), recorded = recordedSoFar()] {
    const at::ThreadLocalStateGuard guard(state);
    recordAfter(recorded);
    try {
      handle.callBoxed(call->stack);
    } catch (...) {
      call->error = std::current_exception();
    }
    const std::lock_guard done(waits.mutex);
    call->recorded = recordedSoFar();
    call->done = true;
    waits.changed.notify_all();
  });
  waits.changed.wait(lock, [&] { return call->done || waits.left != before; });
  if (!call->done) throw GraphpatchError("CancelledError", describe(handle, shapes));
  lock.unlock();
  recordAfter(call->recorded);
  if (call->error) std::rethrow_exception(call->error);
  stack = std::move(call->stack);
}

void leaveCalls() {
  Waits& waits = Waits::instance();
  const std::lock_guard lock(waits.mutex);
  waits.left++;
  waits.changed.notify_all();
}

}  // namespace graphpatch
