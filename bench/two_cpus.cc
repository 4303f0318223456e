/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "two_cpus.h"

#include "harness/guest.h"
#include "kernel/thread_pin.h"

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
  if (auto result = qemu_pin::apply_cpus(gettid(), {two[0], two[1]}); !result)
    return result.error();
  return two;
}

} // namespace bench
