/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness/offline_cpu.h"

#include <cstdlib>
#include <fstream>

qemu_pin::Result<OfflineCpu> OfflineCpu::take(const std::string &cpu) {
  const char *const variable = "QEMU_PINNING_TAKE_CPUS_OFFLINE";
  if (!std::getenv(variable))
    return qemu_pin::Error{"no CPU is taken offline unless " + std::string(variable) + " is set"};
  const std::string file = "/sys/devices/system/cpu/cpu" + cpu + "/online";
  OfflineCpu taken(popen(("cat >/dev/null; echo 1 >" + file).c_str(), "we"));
  if (!taken.keeper_)
    return qemu_pin::Error{"no program can be started"};
  std::ofstream online(file);
  if (!(online << "0" << std::flush))
    return qemu_pin::Error{"host CPU " + cpu + " cannot be taken offline"};
  return taken;
}

OfflineCpu::~OfflineCpu() {
  if (keeper_)
    pclose(keeper_);
}
