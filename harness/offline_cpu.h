/*
 * A host CPU that is offline for as long as this object, or this process, lives.
 *
 * To take it away changes the pins of whatever else runs on it. So it is done only where
 * QEMU_PINNING_TAKE_CPUS_OFFLINE says that nothing else does: .ci/run sets it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_OFFLINE_CPU_H
#define HARNESS_OFFLINE_CPU_H

#include "base/result.h"

#include <cstdio>
#include <string>
#include <utility>

class OfflineCpu {
public:
  /* Fails where that is not allowed, or cannot be. */
  static qemu_pin::Result<OfflineCpu> take(const std::string &cpu);

  OfflineCpu(OfflineCpu &&other) noexcept : keeper_(std::exchange(other.keeper_, nullptr)) {}
  OfflineCpu &operator=(OfflineCpu &&) = delete;
  OfflineCpu(const OfflineCpu &) = delete;
  /* It is online again afterwards. */
  ~OfflineCpu();

private:
  explicit OfflineCpu(std::FILE *keeper) : keeper_(keeper) {}

  std::FILE *keeper_; /* a pipe to who brings the CPU back when the pipe ends */
};

#endif
