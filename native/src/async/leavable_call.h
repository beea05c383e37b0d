// Operators that JavaScript calls and waits for, in such a way that it can stop waiting.
//
// libtorch cannot be stopped within an operator. So one that takes long runs on another thread, and an
// interrupt ends the wait: the operator goes on to its end, and what it computes is thrown away.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

namespace graphpatch {

// handle.callBoxed(stack), on another thread where the arguments say that it may take long. Throws
// CancelledError when it was left; the stack is empty then.
void callLeavable(const c10::OperatorHandle& handle, torch::jit::Stack& stack);

// Any thread. Ends the waits of all callLeavable() that go on now.
void leaveCalls();

}  // namespace graphpatch
