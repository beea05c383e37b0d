#include "async/leavable_call.h"

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

// Elements that a call reads or is to make, and products that a call on such matrices may take.
bool mayTakeLong(const torch::jit::Stack& stack) {
  double elements = 0;
  double products = 0;
  double before = 0;  // elements of the tensor before, over its last size
  for (const c10::IValue& value : stack) {
    if (value.isIntList()) {
      double made = 1;
      for (const int64_t size : value.toIntVector()) made *= static_cast<double>(std::max<int64_t>(size, 1));
      elements = std::max(elements, made);
    }
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    const at::Tensor& tensor = value.toTensor();
    const double count = static_cast<double>(tensor.numel());
    elements += count;
    if (tensor.dim() < 2) continue;
    const double last = static_cast<double>(std::max<int64_t>(tensor.size(-1), 1));
    products =
        std::max({products, before * count, count * std::min(last, static_cast<double>(tensor.size(-2)))});
    before = count / last;
  }
  return elements >= kManyElements || products >= kManyProducts;
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
  for (const c10::IValue& value : stack) {
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    text << (first ? " of " : ", ") << value.toTensor().sizes();
    first = false;
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
