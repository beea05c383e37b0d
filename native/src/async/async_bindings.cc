#include "async/async_bindings.h"

#include "async/engine_thread.h"
#include "errors/errors.h"

namespace graphpatch {

void initAsync(Napi::Env env, Napi::Object exports) {
  exports.Set("setNumThreads", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                guarded(info, [&] { setIntraOpThreads(info[0].As<Napi::Number>().Int32Value()); });
              }));
  exports.Set("getNumThreads", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(), intraOpThreads());
              }));
}

}  // namespace graphpatch
