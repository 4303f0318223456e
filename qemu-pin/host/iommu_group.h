/*
 * The IOMMU group of a PCI device: all of it goes to one guest, or none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_IOMMU_GROUP_H
#define QEMU_PIN_IOMMU_GROUP_H

#include "host/host.h"
#include "host/host_fact.h"

namespace qemu_pin {

/* device: a PCI address, "0000:03:00.0" or "03:00.0"; empty: none, and the fact is how many
 * groups there are. Fails when the host has no such device. */
Result<HostFact> iommu_fact(const Host &host, const std::string &device);

} // namespace qemu_pin

#endif
