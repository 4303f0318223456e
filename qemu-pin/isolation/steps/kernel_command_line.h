/*
 * The command line that the kernel was booted with, read as the kernel reads it.
 *
 * Source: next_arg() in Linux's lib/cmdline.c, bitmap_parselist() in lib/bitmap-str.c,
 * housekeeping_setup() in kernel/sched/isolation.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_KERNEL_COMMAND_LINE_H
#define QEMU_PIN_STEPS_KERNEL_COMMAND_LINE_H

#include "base/cpu_set.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qemu_pin {

struct BootOption {
  std::string name;                 /* with '_' for '-': the kernel takes them for the same */
  std::optional<std::string> value; /* without quotes; nothing if there is no '=' */
  std::string text;                 /* as it stands there */
};

/* Those for the kernel, which end at "--". */
std::vector<BootOption> boot_options(std::string_view command_line);

/* A CPU list in the kernel's own notation: besides numbers and ranges "all", "N" (the last
 * CPU, possible's highest) and "0-7:2/4" (the first 2 of every 4). Nothing if it is none, or
 * names a CPU that is not possible: the kernel then ignores the option. */
std::optional<CpuSet> boot_cpu_list(std::string_view list, const CpuSet &possible);

/* What isolcpus= asks for. A second one that contradicts the first is ignored. */
struct Isolcpus {
  CpuSet domain;      /* no load is balanced there */
  CpuSet managed_irq; /* interrupts that the kernel places keep off */
  bool has_nohz = false;
  std::vector<std::string> texts; /* of each isolcpus= */
};
Isolcpus read_isolcpus(const std::vector<BootOption> &options, const CpuSet &possible);

} // namespace qemu_pin

#endif
