// Errors on their way from C++ to JavaScript.
#pragma once

#include <c10/util/Exception.h>
#include <napi.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace graphpatch {

// An error with the name of the TypeScript class that it becomes ("ShapeError").
struct GraphpatchError : std::runtime_error {
  GraphpatchError(std::string jsName, const std::string& message)
      : std::runtime_error(message), jsName(std::move(jsName)) {}
  std::string jsName;
};

// Whether libtorch could not get memory, of the machine or of a device.
bool isAllocationFailure(const c10::Error& error);

// The JavaScript error for a C++ exception: c10::Error without its C++ backtrace becomes TorchError, a failed
// allocation OutOfMemoryError, GraphpatchError the class it names. Call on the JavaScript thread.
Napi::Error toJsError(Napi::Env env, std::exception_ptr error);

// Runs the body of a callback and turns whatever C++ exception leaves it into a JavaScript error.
template <class F>
auto guarded(const Napi::CallbackInfo& info, F&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw toJsError(info.Env(), std::current_exception());
  }
}

}  // namespace graphpatch
