#include "errors/errors.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <new>
#include <string_view>

#include "addon_data.h"
#include "errors/error_bindings.h"

namespace graphpatch {
namespace {

Napi::Error make(Napi::Env env, const std::string& name, const std::string& message) {
  Napi::ObjectReference& classes = AddonData::of(env).errorClasses;
  if (!classes.IsEmpty()) {
    Napi::Value found = classes.Value().Get(name);
    if (found.IsFunction()) {
      Napi::Object error = found.As<Napi::Function>().New({Napi::String::New(env, message)});
      return Napi::Error(env, error);
    }
  }
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("name", Napi::String::New(env, name));
  return error;
}

// "[enforce fail at alloc_cpu.cpp:128] err == 0. DefaultCPUAllocator: ..." -> from "DefaultCPUAllocator" on.
std::string withoutEnforcePrefix(const std::string& message) {
  const size_t at = message.find("DefaultCPUAllocator");
  return message.rfind("[enforce fail", 0) == 0 && at != std::string::npos ? message.substr(at) : message;
}

// "Could not run 'aten::x' with arguments from the 'CUDA' backend. ..." goes on for two pages about dispatch
// keys and the files that register them; what one can do is in the first sentence alone.
std::string withoutDispatchKeys(const std::string& message) {
  const size_t advice = message.find(" This could be because the operator doesn't exist for this backend");
  return message.rfind("Could not run", 0) == 0 && advice != std::string::npos
             ? message.substr(0, advice) + " This libtorch has no such kernel."
             : message;
}

// What was asked for stands in the message; what is held tells whether letting go of tensors can help.
Napi::Error outOfMemory(Napi::Env env, const std::string& message) {
  const HandleRegistry& handles = AddonData::of(env).handles;
  const double megabytes = static_cast<double>(handles.bytes()) / 1e6;
  return make(env, "OutOfMemoryError",
              message + " Tensors hold " + std::to_string(std::llround(megabytes)) + " MB already (" +
                  std::to_string(handles.tensors()) + " of them, see torch.memory()).");
}

}  // namespace

bool isAllocationFailure(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  // The CPU's allocator, and what CUDA's libraries ask the driver for themselves, are ordinary errors; only
  // their text tells.
  constexpr std::string_view kTexts[] = {"can't allocate memory", "not enough memory",
                                         "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
                                         "CUDNN_STATUS_ALLOC_FAILED"};
  const std::string_view message = error.what_without_backtrace();
  return std::any_of(std::begin(kTexts), std::end(kTexts),
                     [&](std::string_view text) { return message.find(text) != std::string_view::npos; });
}

Napi::Error toJsError(Napi::Env env, std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Napi::Error& e) {
    return e;
  } catch (const GraphpatchError& e) {
    return make(env, e.jsName, e.what());
  } catch (const c10::Error& e) {
    const std::string message = withoutDispatchKeys(withoutEnforcePrefix(e.what_without_backtrace()));
    return isAllocationFailure(e) ? outOfMemory(env, message) : make(env, "TorchError", message);
  } catch (const std::bad_alloc&) {
    return outOfMemory(env, "The machine has no memory left for this operation.");
  } catch (const std::exception& e) {
    return make(env, "TorchError", e.what());
  } catch (...) {
    return make(env, "GraphpatchError", "A C++ exception of unknown type");
  }
}

void initErrors(Napi::Env env, Napi::Object exports) {
  exports.Set("setErrorClasses", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                AddonData::of(info.Env()).errorClasses = Napi::Persistent(info[0].As<Napi::Object>());
              }));
}

}  // namespace graphpatch
