/*
 * What the step `cpuset` tells: gathered while it is planned, and told by how it went.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_CPUSET_TOLD_H
#define QEMU_PIN_STEPS_CPUSET_TOLD_H

#include "isolation/steps/step.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu_pin {

struct CpusetTold {
  std::string rest;                     /* CPU list: what is left to the host */
  std::vector<std::string> narrowed;    /* groups, or units, that have only those now */
  std::vector<std::string> left;        /* and those that need the others */
  std::optional<std::size_t> move_all;  /* the operation that empties the root group */
  std::string group;                    /* the guest's; "" if it has none */
  pid_t guest = 0;                      /* 0: none is moved there */
  std::optional<std::size_t> partition; /* the operation that makes one */
  std::string partition_kind;

  /* outcomes: of all the step's operations. */
  StepLines lines(const std::vector<Outcome> &outcomes) const;
};

} // namespace qemu_pin

#endif
