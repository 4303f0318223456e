/*
 * The table that lscpu -e or lscpu -p prints, as people paste it, read as a host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LSCPU_TABLE_H
#define QEMU_PIN_LSCPU_TABLE_H

#include "base/result.h"
#include "plan/topology.h"

#include <string>

namespace qemu_pin {

/*
 * Columns are in any order and told by their header, of which lscpu -p may lack. Of a CPU its
 * number is needed; "-" or nothing stands for what is missing. CPUs of one SOCKET and CORE are a
 * core's; CPUs of one L3 share it, cores of one L2 are a cluster. ONLINE "no", or neither core nor
 * socket where other CPUs have them: offline. MAXMHZ tells kinds of core. A table knows
 * neither sizes of memory nor of caches.
 * Fails on what is not such a table, naming the line, and says what the text is if that can be
 * told: lscpu's summary, JSON.
 */
Result<Topology> read_lscpu_table(const std::string &text);

} // namespace qemu_pin

#endif
