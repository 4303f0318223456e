/*
 * Waiting in tests: for an event, never for a time. How long an event takes says how busy the
 * machine is; that it does not come at all is the failure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HARNESS_PATIENCE_H
#define HARNESS_PATIENCE_H

#include <chrono>
#include <functional>
#include <sys/types.h>

/* Only a fault lasts longer, also on a machine that has much else to do. */
constexpr std::chrono::seconds patience{180};

/* Looks again and again: true as soon as holds() is, false when patience is at its end. */
bool comes_true(const std::function<bool()> &holds);

/* Whether a process, by its first thread, sleeps in poll() until another process ends (a pidfd) or
 * a time is up: a watch does that between two looks, and never during one. False of one that has
 * ended. */
bool waits_for_a_process(pid_t process);

#endif
