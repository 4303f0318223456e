/*
 * A plan in another program's words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_FORMATS_H
#define QEMU_PIN_FORMATS_H

#include "pins/pin_plan.h"

#include <string>
#include <vector>

namespace qemu_pin {

enum class Format { qemu, json, libvirt, cloud_hypervisor, crosvm };

/* Whole lines. QEMU's and crosvm's are arguments without anything that a shell would
 * have to quote; Cloud Hypervisor's brackets are to be quoted. */
std::string in_format(const PinPlan &plan, Format format);

/* What the plan has that the format cannot say, a line each; empty: nothing. */
std::vector<std::string> unsaid(const PinPlan &plan, Format format);

/* "-vcpu vcpunum=0,affinity=1" and its like, as lines of `qemu` have them. */
std::string vcpu_option(unsigned vcpu, const std::string &cpus);
std::string emulator_option(const std::string &cpus);
std::string iothread_option(const std::string &id, const std::string &cpus);
std::string smp_option(const GuestTopology &topology);

} // namespace qemu_pin

#endif
