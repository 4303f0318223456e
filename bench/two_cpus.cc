/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "two_cpus.h"

#include "harness/guest.h"
#include "kernel/procfs.h"

#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vcpupin.h>

using qemu_pin::Error;
using qemu_pin::Result;

namespace bench {

Result<std::array<unsigned, 2>> keep_to_two_cpus() {
  auto usable = usable_cpus();
  if (!usable)
    return usable.error();
  if (usable->size() < 2)
    return Error{"two host CPUs are needed, and this process may use one"};
  const std::array<unsigned, 2> two = {(*usable)[0], (*usable)[1]};
  auto cpus = qemu_pin::parse_cpus(std::to_string(two[0]) + "," + std::to_string(two[1]));
  if (!cpus)
    return cpus.error();
  char *trouble = nullptr;
  if (!vcpupin_apply_cpus(gettid(), cpus->get(), &trouble)) {
    Error error{trouble};
    free(trouble);
    return error;
  }
  return two;
}

} // namespace bench
