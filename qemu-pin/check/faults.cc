/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/faults.h"

#include "check/guest_cores.h"
#include "check/locality_faults.h"
#include "check/service_faults.h"
#include "check/unread.h"
#include "check/vcpu_faults.h"

#include <algorithm>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

/* Options that cannot be read, and pins of threads that the machine does not have. */
void judge_options(const GuestDescription &guest, Judgement &judgement) {
  const auto add = [&](const char *kind, const std::string &message) {
    judgement.faults.push_back({Part::unknown, kind, message, ""});
  };
  for (const std::string &error : guest.errors)
    add("unreadable", error);
  const unsigned vcpus = guest.topology.cpus;
  CpuSet strange;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (vcpu >= vcpus)
      strange.insert(vcpu);
  if (!strange.empty())
    add("no-such-vcpu",
        fmt::format("there {} no vCPU{} {}: the machine has {} (0-{})",
                    strange.size() == 1 ? "is" : "are", strange.size() == 1 ? "" : "s",
                    cpu_list(strange), vcpus, vcpus - 1));
  for (const auto &[id, cpus] : guest.iothread_pins)
    if (std::ranges::find(guest.iothreads, id) == guest.iothreads.end())
      add("no-such-iothread", "there is no iothread '" + id + "'");
}

void judge_model(const Topology &topology, const GuestDescription &guest, Judgement &judgement) {
  if (!topology.is_amd || guest.topology.threads < 2 || guest.topoext)
    return;
  /* libvirt makes host-model one of QEMU's models and features, by what the host has. */
  const bool is_sure = guest.cpu_model != "host-model";
  judgement.faults.push_back(
      {Part::cpu_model, "no-topoext",
       is_sure ? "this host's CPUs are AMD's: without topoext the guest does not see which vCPUs "
                 "are siblings (hyperthreads)"
               : "this host's CPUs are AMD's: with host-model the guest may have no topoext, and "
                 "without it does not see which vCPUs are siblings (hyperthreads)",
       ""});
}

} // namespace

Judgement judge(const Topology &topology, const GuestDescription &guest) {
  const GuestDescription started = as_started(guest);
  const GuestCores cores(topology, started);
  Judgement judgement;
  judge_options(started, judgement);
  judge_vcpus(topology, started, cores, judgement);
  judge_locality(topology, started, cores, judgement);
  judge_services(topology, started, cores, judgement);
  judge_model(topology, started, judgement);
  forget_unread(guest, judgement.faults);
  if (guest.unread.topology)
    judgement.notes.clear();
  std::erase_if(judgement.faults, [&](const Fault &fault) {
    return std::ranges::find(guest.accepted, fault.kind) != guest.accepted.end();
  });
  return judgement;
}

} // namespace qemu_pin
