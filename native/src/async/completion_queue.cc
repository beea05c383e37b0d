#include "async/completion_queue.h"

#include <memory>
#include <utility>

namespace graphpatch {

CompletionQueue::CompletionQueue(Napi::Env env)
    : env_(env),
      function_(Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}),
                                              "graphpatch engine", 0, 1)) {
  function_.Unref(env);
  napi_add_env_cleanup_hook(env, [](void* queue) { static_cast<CompletionQueue*>(queue)->close(); }, this);
}

CompletionQueue::~CompletionQueue() = default;

void CompletionQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  function_.Abort();
}

void CompletionQueue::expect() {
  if (expected_++ == 0) function_.Ref(env_);
}

void CompletionQueue::settled() {
  if (--expected_ == 0) function_.Unref(env_);
}

void CompletionQueue::post(Callback callback) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  auto held = std::make_unique<Callback>(std::move(callback));
  const napi_status status =
      function_.BlockingCall(held.get(), [this](Napi::Env env, Napi::Function, Callback* raw) {
        const std::unique_ptr<Callback> owned(raw);
        if (env == nullptr) return;  // the environment is ending: nobody waits any more
        (*owned)(env);
        settled();
      });
  if (status == napi_ok) held.release();  // now owned by the queued call
}

}  // namespace graphpatch
