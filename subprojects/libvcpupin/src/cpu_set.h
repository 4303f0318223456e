/*
 * A set of host CPUs, as a value. The C handle vcpupin_cpus is this class
 * itself, so that a set inside a host or a table can be lent out as it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VCPUPIN_CPU_SET_H
#define VCPUPIN_CPU_SET_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

struct vcpupin_cpus {
public:
  bool operator==(const vcpupin_cpus &) const = default;

  void add(unsigned cpu);
  /* Takes cpu out; nothing happens if it is not in. */
  void remove(unsigned cpu);
  void add_all(const vcpupin_cpus &other);
  void remove_all(const vcpupin_cpus &other);
  /* Removes what is not in other. */
  void keep(const vcpupin_cpus &other);

  bool empty() const { return words_.empty(); }
  bool contains(unsigned cpu) const;
  std::size_t count() const;

  bool intersects(const vcpupin_cpus &other) const;
  /* See vcpupin_cpus_compare. */
  int compare(const vcpupin_cpus &other) const;

  /* The lowest CPU in the set that is `from` or higher. */
  std::optional<unsigned> next_in(unsigned from) const;
  /* The lowest CPU not in the set that is `from` or higher. */
  unsigned next_out(unsigned from) const;
  /* The lowest CPU that is in this set and not in other. */
  std::optional<unsigned> lowest_outside(const vcpupin_cpus &other) const;
  /* One more than the highest CPU; 0 for the empty set. */
  unsigned end() const;

private:
  void drop_zeros();

  /* CPU n is bit n % 64 of word n / 64. The last word is never 0, so that equal
   * sets have equal vectors. */
  std::vector<std::uint64_t> words_;
};

namespace vcpupin {
using CpuSet = ::vcpupin_cpus;
}

#endif
