/*
 * What tells kinds of core apart: performance and efficiency cores, big and LITTLE ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CORE_FACTS_H
#define QEMU_PIN_CORE_FACTS_H

#include <cstdint>
#include <string>
#include <vector>

namespace qemu_pin {

/* Intel's classes of core, the fastest first. */
enum class IntelClass { core, atom, low_power, unknown };

/* What is known of a core. */
struct CoreFacts {
  IntelClass intel = IntelClass::unknown;
  double speed = 0;      /* Linux's cpu_capacity, or the top frequency in MHz; 0: not known */
  int efficiency = -1;   /* hwloc's rank: the more, the faster */
  std::uint64_t l1d = 0; /* bytes of the L1 data cache; 0: not known */
  std::string part;      /* Arm's number of the design */
  bool shares_l2 = false;
  bool has_l3 = true; /* false: others of the host have one */
  unsigned threads = 1;
  std::uint64_t l3 = 0; /* bytes of the L3; 0: not known */
  unsigned l3_cpus = 0; /* that share it */

  bool operator==(const CoreFacts &) const = default;
};

/*
 * The kind of each core; 0 is the fastest. Two are of different kinds by the first of these that
 * is known of both:
 *  - Intel's class. Performance cores are one kind, however far their top frequencies differ;
 *    efficiency cores without an L3, or more than 15% below the others, are low-power ones;
 *  - the design: the part number of Arm's cores, the size of the L1 data cache, and where the
 *    speeds differ at all, whether a core shares its L2 with others;
 *  - the speed: a kind is what is within 15% of its fastest core. Cores that a CPU favours
 *    differ by less. Where no speed is known, cores that are at least twice as many on a
 *    smaller L3 are the compact, slower ones (Zen 4c, Zen 5c).
 */
std::vector<unsigned> core_kinds(const std::vector<CoreFacts> &cores);

} // namespace qemu_pin

#endif
