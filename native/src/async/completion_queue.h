// The way back from the engine thread to the JavaScript thread of one environment.
#pragma once

#include <napi.h>

#include <functional>
#include <mutex>

namespace graphpatch {

class CompletionQueue {
 public:
  using Callback = std::function<void(Napi::Env)>;

  explicit CompletionQueue(Napi::Env env);
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  // JavaScript thread. Between expect() and the end of the callback the process stays alive; else it may
  // exit.
  void expect();
  // Any thread. Runs the callback on the JavaScript thread, later; drops it when the environment has ended.
  void post(Callback callback);

 private:
  void settled();
  void close();

  Napi::Env env_;
  Napi::ThreadSafeFunction function_;
  int expected_ = 0;
  std::mutex mutex_;  // of closed_: the environment may end while the engine thread is at work
  bool closed_ = false;
};

}  // namespace graphpatch
