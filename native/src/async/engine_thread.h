// The one thread on which runs and backward passes happen, off the JavaScript thread.
//
// One thread, not a pool: OpenMP keeps a team of workers for each calling thread, so hopping between threads
// would multiply the workers. Work is done in the order it was given.
#pragma once

#include <napi.h>

#include <functional>

namespace graphpatch {

// Makes the result on the JavaScript thread once the work is done.
using Finish = std::function<Napi::Value(Napi::Env)>;

// Runs `work` on the engine thread; the promise resolves with what the function it returned makes on the
// JavaScript thread. Exceptions of either become a rejection, through toJsError. Keeps the process alive
// until settled.
Napi::Promise runOnEngine(Napi::Env env, std::function<Finish()> work);

// Runs `work`, which throws nothing, off this thread: on the engine thread, or on one of its own while that
// has other work. The caller is to wait: its own OpenMP workers are let go.
void runAside(std::function<void()> work);

// Number of threads within an operator, on the JavaScript thread and on the engine thread.
void setIntraOpThreads(int count);
int intraOpThreads();

}  // namespace graphpatch
