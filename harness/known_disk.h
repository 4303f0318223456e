/*
 * A raw disk in memory whose contents are known: every 8 bytes hold their own index.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_KNOWN_DISK_H
#define HARNESS_KNOWN_DISK_H

#include "base/result.h"
#include "harness/memory_file.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

class KnownDisk {
public:
  /* bytes: a multiple of 4096. */
  static qemu_pin::Result<KnownDisk> make(std::size_t bytes);

  std::size_t blocks() const { return file_.bytes().size() / 4096; }

  /* For tests: what is written here is in the disk at once. */
  std::span<std::uint64_t> words() const;

  /* Whether it is read past the page cache (O_DIRECT) and by Linux's own asynchronous I/O,
   * which for a file in memory reads at once: then the iothread itself reads. Where the kernel
   * cannot do that (tmpfs, before Linux 6.6), QEMU reads by helper threads. */
  bool direct() const { return direct_; }

  /* QEMU's options for it as a virtio disk on iothread io0, which they make. */
  std::vector<std::string> as_virtio_disk() const;

private:
  KnownDisk(MemoryFile file, bool direct) : file_(std::move(file)), direct_(direct) {}

  MemoryFile file_;
  bool direct_;
};

#endif
