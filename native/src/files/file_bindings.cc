#include "files/file_bindings.h"

#ifndef _WIN32
#include <sys/file.h>

#include <cerrno>
#endif

namespace graphpatch {
namespace {

// Takes the exclusive lock of an open file without waiting: whether it is ours now. It lasts until the
// descriptor is closed, or the process ends in whatever way. The same lock as Python's fcntl.flock, which
// Node does not offer. A file system without locks gives it to everybody.
Napi::Value tryLockFile(const Napi::CallbackInfo& info) {
#ifdef _WIN32
  const bool taken = true;
#else
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  const bool taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ||
                     (errno != EWOULDBLOCK && errno != EAGAIN && errno != EACCES && errno != EINTR);
#endif
  return Napi::Boolean::New(info.Env(), taken);
}

}  // namespace

void initFiles(Napi::Env env, Napi::Object exports) {
  exports.Set("tryLockFile", Napi::Function::New(env, tryLockFile));
}

}  // namespace graphpatch
