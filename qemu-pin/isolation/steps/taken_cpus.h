/*
 * Taking an isolation's CPUs out of a setting that is a set of CPUs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_STEPS_TAKEN_CPUS_H
#define QEMU_PIN_STEPS_TAKEN_CPUS_H

#include "isolation/steps/step.h"

namespace qemu_pin {

/* A set of CPUs as the kernel prints it. Fails if it is none; an empty one is. */
Result<CpuSet> read_cpus(const std::string &value, ValueFormat format);

/* Takes the CPUs out of a setting. Nothing if none of them is in it, nor will be when other
 * isolations end; nor if there is no such setting. Fails when it may not be read, or is no
 * set. */
Result<std::optional<SetOperation>> take_cpus_out(const Host &host, Setting setting,
                                                  ValueFormat format,
                                                  const IsolationRequest &request,
                                                  const JournalContent &journal);

/* The same of one whose value has been read. */
Result<std::optional<SetOperation>> take_cpus_out(std::string value, Setting setting,
                                                  ValueFormat format,
                                                  const IsolationRequest &request,
                                                  const JournalContent &journal);

} // namespace qemu_pin

#endif
