#include "streams.h"

#include <mutex>
#include <utility>
#include <vector>

namespace standin {
namespace {

std::mutex mutex;
std::vector<std::function<void()>> pending;

}  // namespace

void later(std::function<void()> work) {
  const std::lock_guard lock(mutex);
  pending.push_back(std::move(work));
}

void synchronize() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex);
    work.swap(pending);
  }
  for (const auto& one : work) one();
}

}  // namespace standin
