/*
 * A libvirtd of our own, for `virsh create`: the daemon runs before anything is measured, as
 * it does on hosts that use it, and knows QEMU already.
 *
 * It is root's libvirtd with its own folders over /run, /var/lib, /var/cache, /var/log and
 * /etc/libvirt, and its own process ids, so that nothing of the host's is touched and all
 * that it starts ends with it. It makes no cgroups: that is less work for it, and leaves
 * none behind here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_LIBVIRT_PEER_H
#define BENCH_LIBVIRT_PEER_H

#include "base/result.h"
#include "harness/child.h"
#include "harness/temp_dir.h"
#include "life_signs.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

class LibvirtPeer {
public:
  /* Returns once it answers and has asked that QEMU what it can do. */
  static qemu_pin::Result<LibvirtPeer> start(const std::string &qemu);

  /* Writes the description of a small guest (small_guest.h) with a vCPU for each host CPU
   * named, pinned there. */
  void describe(const std::string &image, const std::vector<unsigned> &cpus,
                const LifeSigns &signs) const;

  /* Starts `virsh create` on it. */
  qemu_pin::Result<Child> create() const;

  /* The id by which libvirtd and its QEMU name a thread that we know by ours; 0 if it is gone. */
  static pid_t their_id(pid_t thread);

  /* `virsh destroy`, to its end. */
  qemu_pin::Result<> destroy() const;

private:
  LibvirtPeer(TempDir folder, std::string qemu, Child daemon)
      : folder_(std::move(folder)), qemu_(std::move(qemu)), daemon_(std::move(daemon)) {}

  std::vector<std::string> virsh(const std::vector<std::string> &arguments) const;
  qemu_pin::Result<> run_virsh(const std::vector<std::string> &arguments) const;

  TempDir folder_; /* first, so that the daemon ends before its folder */
  std::string qemu_;
  Child daemon_; /* the first process of those process ids: all others end with it */
};

/* Why there can be none here, or nothing. */
std::optional<std::string> why_no_libvirt();

} // namespace bench

#endif
