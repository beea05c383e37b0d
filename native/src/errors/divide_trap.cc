#include "errors/divide_trap.h"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <limits>
#endif

namespace graphpatch {

#if defined(__x86_64__) && defined(__linux__)
namespace {

// A signed division, F7 /7, of 32 or 64 bits.
struct Division {
  int bytes = 0;  // length of the instruction; 0 when it is none
  bool wide = false;
};

// Bytes after the opcode: ModRM, SIB and displacement.
int operandBytes(const uint8_t* operand) {
  const int mode = operand[0] >> 6;
  const int base = operand[0] & 7;
  if (mode == 3) return 1;
  const bool indexed = base == 4;
  int bytes = indexed ? 2 : 1;
  if (mode == 1) bytes += 1;
  if (mode == 2 || (mode == 0 && (base == 5 || (indexed && (operand[1] & 7) == 5)))) bytes += 4;
  return bytes;
}

Division divisionAt(const uint8_t* code) {
  Division division;
  const uint8_t* at = code;
  if ((*at & 0xf0) == 0x40) division.wide = (*at++ & 8) != 0;  // REX, whose W bit means 64 bits
  if (at[0] != 0xf7 || ((at[1] >> 3) & 7) != 7) return division;
  division.bytes = static_cast<int>(at - code) + 1 + operandBytes(at + 1);
  return division;
}

void onTrap(int signal, siginfo_t*, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const Division division = divisionAt(reinterpret_cast<const uint8_t*>(registers[REG_RIP]));
  const bool lowest = division.wide
                          ? registers[REG_RAX] == std::numeric_limits<int64_t>::min()
                          : static_cast<int32_t>(registers[REG_RAX]) == std::numeric_limits<int32_t>::min();
  if (division.bytes == 0 || !lowest) {
    // Not ours: once more, with the end that it would have had.
    ::signal(signal, SIG_DFL);
    return;
  }
  registers[REG_RDX] = 0;  // the remainder; the quotient's register holds the lowest integer already
  registers[REG_RIP] += division.bytes;
}

}  // namespace

void surviveDivideTraps() {
  struct sigaction action = {};
  action.sa_sigaction = onTrap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(SIGFPE, &action, nullptr);
}
#else
void surviveDivideTraps() {}
#endif

}  // namespace graphpatch
