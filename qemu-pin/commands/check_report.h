/*
 * What `qemu-pin check` prints of its findings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_CHECK_REPORT_H
#define QEMU_PIN_CHECK_REPORT_H

#include "check/findings.h"

#include <string>

namespace qemu_pin {

/* Lines: the host (host_line.h), each finding and note, and the corrected options as one block. */
std::string check_text(const std::string &host, const Findings &findings);

std::string check_json(const std::string &host, const Findings &findings);

} // namespace qemu_pin

#endif
