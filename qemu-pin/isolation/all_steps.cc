/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/all_steps.h"

#include "isolation/steps/boot_options.h"
#include "isolation/steps/cpuset.h"
#include "isolation/steps/governor.h"
#include "isolation/steps/irq.h"
#include "isolation/steps/kernel_knobs.h"
#include "isolation/steps/kthreads.h"
#include "isolation/steps/memory.h"

namespace qemu_pin {

const std::vector<Step> &all_steps() {
  static const std::vector<Step> steps = {
      {"cpuset", "processes off the CPUs, by control groups", true, plan_cpuset},
      {"irq", "interrupts off the CPUs", true, plan_irq},
      {"kthreads", "the kernel's threads and workqueues", true, plan_kthreads},
      {"governor", "the CPUs' frequency", true, plan_governor},
      {"caches", "drop what is cached", true, plan_caches},
      {"compact", "compact memory", true, plan_compact},
      {"timer-migration", "timers stay where they are set", false, plan_timer_migration},
      {"watchdog", "the lockup detector off the CPUs", false, plan_watchdog},
      {"rt-runtime", "real-time threads are not throttled", false, plan_rt_runtime},
      {"boot", "report what only a boot option can do", true, plan_boot},
  };
  return steps;
}

} // namespace qemu_pin
