/*
 * The NUMA nodes that a guest of QEMU's sees, and the host's nodes that its memory comes from:
 * -numa, memory backends, and -machine memory-backend.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_NUMA_OPTIONS_H
#define QEMU_PIN_NUMA_OPTIONS_H

#include "check/guest_description.h"
#include "check/smp_option.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

/* Numbers and ranges as -numa and -object take them: "0-3", "0x1". Fails on text that QEMU
 * refuses, and on a number above most. */
Result<CpuSet> qemu_ranges(const std::string &text, unsigned most);

class NumaOptions {
public:
  /* The pieces of -numa; the first key is "type". Fails on what QEMU refuses. */
  Result<> add(const std::vector<OptionPiece> &pieces);

  /* A memory backend, and the host's nodes that its policy names (none: it names none). */
  void add_backend(const std::string &id, const CpuSet &host_nodes, bool strict);

  /* What -machine memory-backend says. */
  void set_machine_backend(const std::string &id) { machine_backend_ = id; }

  /* Fills numa_nodes and memory. otherwise: where memory comes from that no backend is bound
   * for. Fails on a vCPU that the machine does not have, or that is given to two nodes. */
  Result<> describe(GuestDescription &guest, const SmpCounts &counts,
                    const std::optional<GuestMemory> &otherwise) const;

private:
  struct Backend {
    CpuSet host_nodes;
    bool strict;
  };
  struct Node {
    CpuSet vcpus; /* that cpus= gives it */
    std::string memdev;
  };
  /* -numa cpu: a part of the machine by its numbers. */
  struct Place {
    unsigned node;
    std::map<std::string, unsigned> numbers; /* by key: "socket-id" */
  };

  Result<> add_node(const std::vector<OptionPiece> &pieces);
  Result<> add_place(const std::vector<OptionPiece> &pieces);
  Result<std::map<unsigned, CpuSet>> vcpus_by_node(const SmpCounts &counts) const;
  const Backend *bound_backend(const std::string &id) const;

  std::map<unsigned, Node> nodes_;
  std::vector<Place> places_;
  std::map<std::string, Backend> backends_;
  std::string machine_backend_;
};

} // namespace qemu_pin

#endif
