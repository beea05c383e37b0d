#pragma once

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace graphpatch {

// Calls work(0) … work(count - 1), each on one thread and several at a time, as the calling thread would.
template <class F>
void onThreads(int64_t count, F&& work) {
  std::atomic<int64_t> next{0};
  const at::ThreadLocalState state;
  at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), count), 1, [&](int64_t, int64_t) {
    const at::ThreadLocalStateGuard guard(state);
    for (int64_t i = next++; i < count; i = next++) work(i);
  });
}

}  // namespace graphpatch
