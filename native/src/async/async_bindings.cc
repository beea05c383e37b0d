#include "async/async_bindings.h"

#include <memory>

#include "addon_data.h"
#include "async/engine_thread.h"
#include "async/leavable_call.h"
#include "errors/errors.h"

namespace graphpatch {

void initAsync(Napi::Env env, Napi::Object exports) {
  // Made here and not when first needed: callbacks run in the asynchronous context in which the queue was
  // made, and that must not be the noGrad or tidy body of whoever came first.
  AddonData::of(env).completions = std::make_shared<CompletionQueue>(env);
  exports.Set("setNumThreads", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                guarded(info, [&] { setIntraOpThreads(info[0].As<Napi::Number>().Int32Value()); });
              }));
  exports.Set("setLeavable", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                AddonData::of(info.Env()).leavable = info[0].As<Napi::Boolean>();
              }));
  exports.Set("leaveCalls", Napi::Function::New(env, [](const Napi::CallbackInfo&) { leaveCalls(); }));
  exports.Set("getNumThreads", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), intraOpThreads());
              }));
}

}  // namespace graphpatch
