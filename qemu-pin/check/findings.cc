/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/findings.h"

#include "check/corrected_options.h"
#include "check/faults.h"
#include "check/mends.h"
#include "check/unread.h"

#include <algorithm>
#include <iterator>

namespace qemu_pin {

namespace {

/* Each fault with its corrected options. All of the vCPUs' options mend all faults of the
 * vCPUs, together: the last of these has them. */
std::vector<Finding> findings_of(const GuestDescription &guest, const GuestDescription &mended,
                                 const Faults &faults) {
  const auto is_of_vcpus = [](const Fault &fault) { return fault.part == Part::vcpus; };
  const auto last = std::find_if(faults.rbegin(), faults.rend(), is_of_vcpus);
  std::vector<Finding> findings;
  findings.reserve(faults.size());
  for (const Fault &fault : faults) {
    Finding finding{fault.kind, fault.message, {}};
    if (!is_of_vcpus(fault) || &fault == &*last)
      finding.corrected = corrected_options(guest, mended, fault);
    findings.push_back(std::move(finding));
  }
  return findings;
}

} // namespace

std::vector<Finding> find_faults(const Topology &topology, const GuestDescription &guest) {
  Faults faults = option_faults(guest);
  std::ranges::move(vcpu_faults(topology, guest), std::back_inserter(faults));
  forget_unread(guest, faults);
  const Mend mend = mend_for(topology, guest, faults);
  if (!mend.failure.empty())
    faults.push_back({Part::unknown, "overcommitted", mend.failure, ""});
  std::ranges::move(companion_faults(topology, guest, mend.guest, mend.moves_vcpus),
                    std::back_inserter(faults));
  forget_unread(guest, faults);
  return findings_of(guest, mend.guest, faults);
}

} // namespace qemu_pin
