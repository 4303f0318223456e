/*
 * Which isolation: the set of its CPUs names it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_ISOLATION_ID_H
#define QEMU_PIN_ISOLATION_ID_H

#include "base/cpu_set.h"

#include <string>

namespace qemu_pin {

class IsolationId {
public:
  IsolationId() = default; /* of what vfio-isolate did, which has no CPUs */
  explicit IsolationId(const CpuSet &cpus) : list_(cpu_list(cpus)) {}

  /* From a journal. Fails on what is no CPU list. */
  static Result<IsolationId> read(const std::string &list) {
    if (list.empty())
      return IsolationId();
    auto cpus = read_cpu_set(list);
    return cpus ? Result<IsolationId>(IsolationId(*cpus)) : cpus.error();
  }

  CpuSet cpus() const { return list_.empty() ? CpuSet() : *read_cpu_set(list_); }
  const std::string &list() const { return list_; } /* "2-7" */

  bool operator==(const IsolationId &) const = default;

private:
  std::string list_; /* as cpu_list() prints it: a journal compares and prints many of them */
};

} // namespace qemu_pin

#endif
