#include "fault.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <string_view>

#include "addresses.h"

namespace standin {
namespace {

struct sigaction before;

void onFault(int signal, siginfo_t* info, void* context) {
  // x86 does not tell which address it was where no such address can be.
  if (info->si_code == SI_KERNEL || deviceAt(info->si_addr) >= 0) {
    constexpr std::string_view text =
        "\nThe processor read or wrote memory of the stand-in GPU, as no program can with a real one:\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
    std::array<void*, 40> frames{};
    backtrace_symbols_fd(frames.data(), backtrace(frames.data(), frames.size()), STDERR_FILENO);
    ::signal(signal, SIG_DFL);  // once more, with the end that it would have had
    return;
  }
  // Another fault: for whoever was here before (V8 has some of its own).
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction != nullptr) {
    before.sa_sigaction(signal, info, context);
  } else {
    ::signal(signal, SIG_DFL);
  }
}

void install() {
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &before);
  void* frame = nullptr;
  backtrace(&frame, 1);  // loads what it needs now, as a handler may not
}

}  // namespace

void explainFaults() {
  // The addon is loaded on each thread of JavaScript.
  static std::once_flag once;
  std::call_once(once, install);
}

}  // namespace standin
