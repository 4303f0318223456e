/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quiet_machine.h"

#include "interruption.h"

#include <fstream>
#include <sstream>
#include <thread>

using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

Result<CpuTime> read_cpu_time(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0,
                steal = 0;
  if (!std::getline(file, line) ||
      !(std::istringstream(line) >> name >> user >> nice >> system >> idle >> iowait >> irq >>
        softirq >> steal) ||
      name != "cpu")
    return Error{path + ": the CPUs' time cannot be read"};
  return CpuTime{user + nice + system + irq + softirq + steal, idle + iowait};
}

double busy_share(const CpuTime &before, const CpuTime &after) {
  const auto busy = static_cast<double>(after.busy - before.busy);
  /* idle may step back by a tick (proc(5)). */
  const double idle = after.idle > before.idle ? static_cast<double>(after.idle - before.idle) : 0;
  return busy + idle == 0 ? 0 : busy / (busy + idle);
}

Result<GateResult> wait_until_quiet(const QuietGate &gate) {
  const auto deadline = std::chrono::steady_clock::now() + gate.patience;
  for (unsigned busy_looks = 0;;) {
    auto before = read_cpu_time();
    std::this_thread::sleep_for(gate.look);
    auto after = read_cpu_time();
    if (!before || !after)
      return before ? after.error() : before.error();
    if (busy_share(*before, *after) < gate.at_most)
      return GateResult{true, busy_looks};
    ++busy_looks;
    if (std::chrono::steady_clock::now() >= deadline || interrupted())
      return GateResult{false, busy_looks};
  }
}

} // namespace bench
