#include "async/engine_thread.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "addon_data.h"
#include "async/openmp.h"
#include "async/recording_order.h"
#include "errors/errors.h"

namespace graphpatch {
namespace {

// An engine without work for so long leaves the cores to operators that JavaScript calls itself.
constexpr std::chrono::milliseconds kIdle{20};

class EngineThread {
 public:
  // Never destroyed: the thread may still be inside an operator when the process ends, and must find its
  // queue intact.
  static EngineThread& instance() {
    static EngineThread& engine = *new EngineThread();
    return engine;
  }

  void push(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    if (!started_) {
      std::thread([this] { loop(); }).detach();
      started_ = true;
    }
    jobs_.push_back(std::move(job));
    wake_.notify_one();
  }

  // At once: on a thread of its own while there is other work.
  void pushAside(std::function<void()> job) {
    bool idle;
    {
      const std::lock_guard lock(mutex_);
      idle = !working_ && jobs_.empty();
    }
    if (idle) {
      push(std::move(job));
      return;
    }
    std::thread([this, job = std::move(job)] {
      at::init_num_threads();
      useThreads();
      job();
    }).detach();
  }

  void setThreads(int count) { threads_ = count; }

 private:
  void loop() {
    at::init_num_threads();
    for (;;) {
      std::function<void()> job = next();
      useThreads();
      job();
    }
  }

  void useThreads() const {
    const int threads = threads_.load();
    if (threads > 0 && threads != at::get_num_threads()) at::set_num_threads(threads);
  }

  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    working_ = false;
    const auto hasJob = [this] { return !jobs_.empty(); };
    if (!wake_.wait_for(lock, kIdle, hasJob)) {
      lock.unlock();
      releaseOpenMpWorkers();
      lock.lock();
      wake_.wait(lock, hasJob);
    }
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    working_ = true;
    return job;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool started_ = false;
  bool working_ = false;
  std::atomic<int> threads_{0};  // 0: whatever libtorch chose
};

void settle(Napi::Env env, const Napi::Promise::Deferred& deferred, const Finish& finish,
            std::exception_ptr error) {
  const Napi::HandleScope scope(env);
  if (!error) {
    try {
      deferred.Resolve(finish(env));
      return;
    } catch (...) {
      error = std::current_exception();
    }
  }
  deferred.Reject(toJsError(env, error).Value());
}

}  // namespace

Napi::Promise runOnEngine(Napi::Env env, std::function<Finish()> work) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  const std::shared_ptr<CompletionQueue> completions = AddonData::of(env).completions;
  completions->expect();
  EngineThread::instance().push(
      [work = std::move(work), deferred, completions, before = recordedSoFar()]() mutable {
        recordAfter(before);
        Finish finish;
        std::exception_ptr error;
        try {
          finish = work();
        } catch (...) {
          error = std::current_exception();
        }
        work = nullptr;  // what the work held is freed here, not when JavaScript gets to it
        completions->post(
            [deferred, finish = std::move(finish), error, after = recordedSoFar()](Napi::Env resolved) {
              recordAfter(after);
              settle(resolved, deferred, finish, error);
            });
      });
  return deferred.Promise();
}

void runAside(std::function<void()> work) {
  releaseOpenMpWorkers();
  EngineThread::instance().pushAside(std::move(work));
}

void setIntraOpThreads(int count) {
  if (count < 1) throw GraphpatchError("ArgumentError", "The number of threads must be at least 1");
  at::set_num_threads(count);
  EngineThread::instance().setThreads(count);
}

int intraOpThreads() { return at::get_num_threads(); }

}  // namespace graphpatch
