#include "memory/available_memory.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace graphpatch {
namespace {

// The number behind a name in a file of names and numbers ("MemAvailable:  123 kB", "file 123").
std::optional<uint64_t> valueOf(const std::string& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    uint64_t value = 0;
    if (word == name && in >> value) return value;
  }
  return std::nullopt;
}

// A file with one number; empty where there is none, as in "max".
std::optional<uint64_t> number(const std::string& file) {
  std::ifstream in(file);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

// What is left of a limit, where the file that holds it is there. Cached files are given up when memory is
// asked for.
std::optional<uint64_t> leftIn(const std::string& folder, const char* limitFile, const char* usedFile,
                               const std::string& prefix) {
  const std::optional<uint64_t> limit = number(folder + limitFile);
  const std::optional<uint64_t> used = number(folder + usedFile);
  if (!limit || !used) return std::nullopt;
  const std::string statistics = folder + "/memory.stat";
  const uint64_t cached = valueOf(statistics, prefix + "inactive_file").value_or(0) +
                          valueOf(statistics, prefix + "active_file").value_or(0);
  const uint64_t held = *used - std::min(*used, cached);
  return *limit - std::min(*limit, held);
}

// Path of this process's control group (version 2), as seen from where it is mounted.
std::string controlGroup() {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
  }
  return "/";
}

std::optional<uint64_t> leftInControlGroup() {
  const std::string mount = "/sys/fs/cgroup";
  const std::string own = mount + controlGroup();
  for (const std::string& folder : {own, mount}) {
    if (const auto left = leftIn(folder, "/memory.max", "/memory.current", "")) return left;
  }
  return leftIn(mount + "/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_");
}

}  // namespace

std::optional<uint64_t> availableMemory() {
  const std::string file = "/proc/meminfo";
  const std::optional<uint64_t> kilobytes = valueOf(file, "MemAvailable:");
  if (!kilobytes) return std::nullopt;
  const uint64_t left = (*kilobytes + valueOf(file, "SwapFree:").value_or(0)) * 1024;
  return std::min(left, leftInControlGroup().value_or(left));
}

}  // namespace graphpatch
