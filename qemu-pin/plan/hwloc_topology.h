/*
 * hwloc's handles, and how a host gets into one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_HWLOC_TOPOLOGY_H
#define QEMU_PIN_HWLOC_TOPOLOGY_H

#include "base/cpu_set.h"
#include "base/result.h"
#include "plan/topology_source.h"

#include <hwloc.h>
#include <memory>

namespace qemu_pin {

struct FreeTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, FreeTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

/* everything: also what planning does not use, for a picture. Fails when hwloc cannot read
 * the host. */
Result<HwlocTopology> load_topology(const TopologySource &source, bool everything);

/* The bits that are set; of a finite bitmap. */
CpuSet set_of(hwloc_const_bitmap_t bitmap);

} // namespace qemu_pin

#endif
