/*
 * What else starts pinned guests on this host: a QEMU without the overlay, and libvirt.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "command.h"
#include "libvirt_peer.h"

#include <memory>
#include <string>

namespace bench {

/* The reasons are for Arm::missing: empty, or why it cannot be measured. */
struct Peers {
  std::string no_kvm;
  std::string plain_qemu; /* --stock, or else the distribution's */
  std::string no_plain;
  std::shared_ptr<LibvirtPeer> libvirt; /* runs; for plain_qemu */
  std::string no_libvirt;
};

Peers find_peers(const Setting &setting);

} // namespace bench

#endif
