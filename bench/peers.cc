/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peers.h"

#include "harness/guest.h"

#include <unistd.h>

namespace bench {

namespace {

constexpr const char *distributions_qemu = "/usr/bin/qemu-system-x86_64";

} // namespace

Peers find_peers(const Setting &setting) {
  Peers peers;
  peers.no_kvm = why_no_kvm().value_or("");
  peers.plain_qemu = setting.stock_qemu.empty() ? distributions_qemu : setting.stock_qemu;
  peers.no_plain = peers.no_kvm;
  if (peers.no_plain.empty() && access(peers.plain_qemu.c_str(), X_OK) != 0)
    peers.no_plain = peers.plain_qemu + " is not installed, and no --stock was given";
  peers.no_libvirt = peers.no_plain.empty() ? why_no_libvirt().value_or("") : peers.no_plain;
  if (!peers.no_libvirt.empty())
    return peers;
  auto libvirt = LibvirtPeer::start(peers.plain_qemu);
  if (libvirt)
    peers.libvirt = std::make_shared<LibvirtPeer>(std::move(*libvirt));
  else
    peers.no_libvirt = libvirt.error().message;
  return peers;
}

} // namespace bench
