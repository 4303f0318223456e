/*
 * irqbalance, the daemon that spreads interrupts, told to leave CPUs alone.
 *
 * It does what it is told when it looks next, every 10 seconds as a rule, before it moves
 * anything; until then it names the former CPUs. Version 1.9.2 then hears nothing for as
 * long again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_IRQBALANCE_H
#define QEMU_PIN_IRQBALANCE_H

#include "host/host.h"

#include <chrono>
#include <sys/types.h>

namespace qemu_pin {

/* The irqbalance that runs; nothing if none does. */
std::optional<ThreadId> irqbalance_process(const Host &host);

/* It looks for those who speak every 10 seconds as a rule. */
inline constexpr std::chrono::seconds until_irqbalance_listens{15};

/* The CPU list that it was told to leave alone, with a newline; "" before that if it does
 * what it would by itself. Nothing when it has gone. Fails when it has no socket, does not
 * listen for as long as patience says, or does not answer as it should. */
Result<std::optional<std::string>>
banned_cpus(const Host &host, pid_t irqbalance,
            std::chrono::seconds patience = until_irqbalance_listens);

/* cpus: a CPU list; "" is what it would choose by itself. Does not wait until it listens.
 * ECONNREFUSED: it has no socket; ETIMEDOUT: others wait for it already; EMSGSIZE: a longer list
 * than it reads; ESRCH: it has gone. */
Result<> ban_cpus(const Host &host, pid_t irqbalance, const std::string &cpus);

struct IrqbalanceBan {
  CpuSet cpus;      /* that it leaves alone */
  CpuSet by_itself; /* that it would leave alone if nobody had told it anything: those of its
                       environment, else those that the kernel was booted to isolate */
};

/* What is banned once what it was told last has taken effect. known: CPUs of which it does
 * not matter. As long as it names others that are not its own choice, they may be of an
 * isolation that has just ended, and it is asked again; for 20 seconds at most. Otherwise
 * as banned_cpus(). */
Result<std::optional<IrqbalanceBan>> settled_ban(const Host &host, pid_t irqbalance,
                                                 const CpuSet &known);

} // namespace qemu_pin

#endif
