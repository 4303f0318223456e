/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/faults.h"

#include "check/guest_cores.h"
#include "check/new_placement.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <set>

namespace qemu_pin {

namespace {

void append(Faults &all, Faults more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

Fault vcpu_fault(const char *kind, std::string message) {
  return {Part::vcpus, kind, std::move(message), ""};
}

/* "" if the CPUs are all among the usable ones. */
std::string why_unusable(const CpuSet &usable, const std::string &who, const CpuSet &cpus) {
  const CpuSet not_here = without(cpus, usable);
  if (not_here.empty())
    return "";
  return fmt::format("{} is pinned to host CPU {}, which is offline, not there, or not allowed "
                     "(CPUs {} may be used)",
                     who, cpu_list(not_here), cpu_list(usable));
}

Faults unusable(const CpuSet &usable, const GuestDescription &guest) {
  Faults faults;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (std::string why = why_unusable(usable, fmt::format("vCPU {}", vcpu), cpus); !why.empty())
      faults.push_back(vcpu_fault("unusable-cpu", std::move(why)));
  return faults;
}

Faults unpinned(const GuestDescription &guest) {
  CpuSet unpinned;
  for (unsigned vcpu = 0; vcpu < guest.topology.cpus; ++vcpu)
    if (!guest.vcpus.contains(vcpu))
      unpinned.insert(vcpu);
  if (unpinned.empty())
    return {};
  const bool one = unpinned.size() == 1;
  return {vcpu_fault("unpinned-vcpu", fmt::format("vCPU{} {} {} not pinned", one ? "" : "s",
                                                  cpu_list(unpinned), one ? "is" : "are"))};
}

/* Only what has no other place to go counts: a pin of several CPUs has. */
Faults shared(const GuestDescription &guest) {
  std::map<unsigned, CpuSet> on;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (cpus.size() == 1)
      on[*cpus.begin()].insert(vcpu);
  Faults faults;
  for (const auto &[cpu, vcpus] : on)
    if (vcpus.size() > 1)
      faults.push_back(vcpu_fault(
          "shared-cpu", fmt::format("vCPUs {} have to take turns: all are pinned to host CPU {}",
                                    cpu_list(vcpus), cpu)));
  return faults;
}

/* The guest's cores, as it will see them. */
Faults siblings(const GuestDescription &guest, const GuestCores &guest_cores) {
  const unsigned threads = guest.topology.threads;
  if (threads < 2)
    return {};
  Faults faults;
  for (unsigned first = 0; first + threads <= guest.topology.cpus; first += threads) {
    std::set<const Core *> cores;
    CpuSet cpus;
    for (unsigned vcpu = first; vcpu < first + threads; ++vcpu) {
      cores.insert(guest_cores.of(vcpu));
      if (const auto pin = guest.vcpus.find(vcpu); pin != guest.vcpus.end())
        cpus.insert(pin->second.begin(), pin->second.end());
    }
    if (!cores.contains(nullptr) && cores.size() > 1)
      faults.push_back(
          vcpu_fault("siblings-apart",
                     fmt::format("vCPUs {}-{} are siblings to the guest, but host CPUs {} are not",
                                 first, first + threads - 1, cpu_list(cpus))));
  }
  return faults;
}

/* Half a core for the guest and half for what serves it. */
Faults split(const Topology &topology, const GuestDescription &guest) {
  const CpuSet vcpus = vcpu_cpus(guest), services = service_cpus(guest);
  Faults faults;
  for (const Core &core : topology.cores) {
    CpuSet guests, hosts;
    for (unsigned cpu : core.cpus) {
      if (vcpus.contains(cpu))
        guests.insert(cpu);
      else if (services.contains(cpu))
        hosts.insert(cpu);
    }
    if (!guests.empty() && !hosts.empty())
      faults.push_back(vcpu_fault(
          "split-core", fmt::format("host CPUs {} and {} are one core: the guest shares it "
                                    "with QEMU's other threads",
                                    cpu_list(guests), cpu_list(hosts))));
  }
  return faults;
}

/* As few groups as the guest's CPUs fill could be enough. */
template <typename Key>
Faults crossing(const Topology &topology, const CpuSet &vcpus, bool one_per_core, const char *kind,
                const char *noun, Key key) {
  std::map<unsigned, std::size_t> room;
  CpuSet used;
  std::size_t cpus = 0;
  for (const Core &core : topology.cores) {
    const unsigned group = key(topology.domains[core.domain]);
    room[group] += one_per_core ? 1 : core.cpus.size();
    for (unsigned cpu : core.cpus)
      if (vcpus.contains(cpu)) {
        used.insert(group);
        ++cpus;
      }
  }
  std::vector<std::size_t> sizes;
  sizes.reserve(room.size());
  for (const auto &[group, size] : room)
    sizes.push_back(size);
  std::sort(sizes.rbegin(), sizes.rend());
  std::size_t needed = 0, covered = 0;
  while (covered < cpus && needed < sizes.size())
    covered += sizes[needed++];
  if (used.size() <= needed)
    return {};
  return {vcpu_fault(kind, fmt::format("the guest is on {}s {}; {} would be enough", noun,
                                       cpu_list(used), needed))};
}

Faults crossings(const Topology &topology, const GuestDescription &guest, bool one_per_core) {
  const CpuSet vcpus = vcpu_cpus(guest);
  Faults faults = crossing(topology, vcpus, one_per_core, "node-crossed", "NUMA node",
                           [](const CacheDomain &domain) { return domain.node; });
  if (topology.has_l3)
    append(faults, crossing(topology, vcpus, one_per_core, "l3-crossed", "L3",
                            [](const CacheDomain &domain) { return domain.l3; }));
  return faults;
}

/* Siblings that cannot be told to the guest; a fault only if they need not be. */
Faults uneven(const Topology &topology, const GuestDescription &guest, const GuestCores &cores) {
  const std::map<const Core *, CpuSet> on = cores.vcpus();
  if (on.empty() || on.size() == guest.topology.cpus || is_even(on))
    return {};
  const auto placement = new_placement(topology, guest, cores.one_per_core());
  if (!placement || !placement->mirrored)
    return {};
  return {vcpu_fault("threads-differ", "some vCPUs are on sibling CPUs of the host, in an order "
                                       "that threads= cannot tell the guest")};
}

Faults wrong_topology(const GuestTopology &guest, const GuestTopology &mended, bool vcpus_move) {
  if (guest == mended)
    return {};
  const unsigned threads = mended.threads;
  return {
      {Part::topology, "threads-differ",
       vcpus_move
           ? fmt::format("the guest's topology must match the corrected pins: {} threads a core",
                         threads)
           : fmt::format("vCPUs are on {} siblings each of {} host cores, but the guest takes "
                         "each for a core",
                         threads, guest.cpus / threads),
       ""}};
}

/* The CPUs that another thread must not be on, and the words of its faults. */
struct Taken {
  CpuSet cpus;
  const char *by;      /* for the message */
  const char *no_room; /* its end, if no core is free */
};

Taken taken_by(const Topology &topology, const GuestDescription &mended, bool vcpus_move) {
  const char *no_room =
      mended.emulator ? "" : "; no core is free for it: give the guest fewer vCPUs";
  /* With the vCPUs elsewhere, a core that was the host's may now be split. */
  if (vcpus_move)
    return {whole_cores(topology, vcpu_cpus(mended)), "the corrected vCPUs' cores are", no_room};
  return {vcpu_cpus(mended), "vCPUs run", no_room};
}

/* A thread that is no vCPU's. fault: that of being where vCPUs are; its message is missing.
 * pin: null if there is none. */
Faults service(const CpuSet &usable, const Taken &taken, const std::string &who, const CpuSet *pin,
               Fault fault) {
  if (!pin) {
    fault.message = who + " is not pinned, and may run on the vCPUs' CPUs" + taken.no_room;
    return {fault};
  }
  if (const std::string why = why_unusable(usable, who, *pin); !why.empty()) {
    fault.kind = "unusable-cpu";
    fault.message = why;
    return {fault};
  }
  CpuSet both;
  std::set_intersection(pin->begin(), pin->end(), taken.cpus.begin(), taken.cpus.end(),
                        std::inserter(both, both.end()));
  if (both.empty())
    return {};
  fault.message = fmt::format("{} is on host CPU{} {}, where {}{}", who,
                              both.size() == 1 ? "" : "s", cpu_list(both), taken.by, taken.no_room);
  return {fault};
}

Faults services(const CpuSet &usable, const GuestDescription &guest, const Taken &taken) {
  Faults faults =
      service(usable, taken, "the emulator", guest.emulator ? &*guest.emulator : nullptr,
              {Part::emulator, "emulator-on-vcpu", "", ""});
  for (const std::string &id : guest.iothreads) {
    const auto pin = guest.iothread_pins.find(id);
    const bool pinned = pin != guest.iothread_pins.end();
    /* Unpinned ones are the emulator's, and go where it goes. */
    if (pinned || !guest.emulator)
      append(faults,
             service(usable, taken, "iothread '" + id + "'", pinned ? &pin->second : nullptr,
                     {Part::iothread, "iothread-on-vcpu", "", id}));
  }
  return faults;
}

Faults no_topoext(const Topology &topology, const GuestDescription &guest, unsigned threads) {
  if (!topology.is_amd || threads < 2 || guest.topoext)
    return {};
  return {{Part::cpu_model, "no-topoext",
           "this host's CPUs are AMD's: without topoext the guest does not see which "
           "vCPUs are siblings",
           ""}};
}

} // namespace

Faults option_faults(const GuestDescription &guest) {
  Faults faults;
  const auto add = [&](const char *kind, const std::string &message) {
    faults.push_back({Part::unknown, kind, message, ""});
  };
  for (const std::string &error : guest.errors)
    add("unreadable", error);
  const unsigned vcpus = guest.topology.cpus;
  for (const auto &[vcpu, cpus] : guest.vcpus)
    if (vcpu >= vcpus)
      add("no-such-vcpu",
          fmt::format("there is no vCPU {}: the machine has {} (0-{})", vcpu, vcpus, vcpus - 1));
  for (const auto &[id, cpus] : guest.iothread_pins)
    if (std::find(guest.iothreads.begin(), guest.iothreads.end(), id) == guest.iothreads.end())
      add("no-such-iothread", "there is no iothread '" + id + "'");
  return faults;
}

Faults vcpu_faults(const Topology &topology, const GuestDescription &guest) {
  const GuestCores cores(topology, guest);
  Faults faults = unusable(topology.cpus(), guest);
  append(faults, unpinned(guest));
  append(faults, shared(guest));
  append(faults, siblings(guest, cores));
  append(faults, split(topology, guest));
  append(faults, crossings(topology, guest, cores.one_per_core()));
  return faults.empty() ? uneven(topology, guest, cores) : faults;
}

Faults companion_faults(const Topology &topology, const GuestDescription &guest,
                        const GuestDescription &mended, bool vcpus_move) {
  Faults faults = wrong_topology(guest.topology, mended.topology, vcpus_move);
  if (!guest.vcpus.empty() || vcpus_move)
    append(faults, services(topology.cpus(), guest, taken_by(topology, mended, vcpus_move)));
  append(faults, no_topoext(topology, guest,
                            vcpus_move ? mended.topology.threads : guest.topology.threads));
  return faults;
}

} // namespace qemu_pin
