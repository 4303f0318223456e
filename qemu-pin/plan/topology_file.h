/*
 * A file that is to be a host's topology: lstopo's XML, or what it is instead.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TOPOLOGY_FILE_H
#define QEMU_PIN_TOPOLOGY_FILE_H

#include "base/result.h"

#include <string>

namespace qemu_pin {

/* The text of a file as XML that hwloc 2 reads; that of hwloc 3 is made such. Fails on what is not
 * a whole topology, and says what it is and what reads it: a domain of libvirt's, a plan,
 * lstopo's text, lscpu's output. */
Result<std::string> topology_xml(const std::string &text);

} // namespace qemu_pin

#endif
