/*
 * Ctrl-C and its like: what is being measured ends soon, what it left is cleaned up, and
 * the program says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CORE_INTERRUPTION_H
#define BENCH_CORE_INTERRUPTION_H

namespace bench {

/* From now on SIGINT, SIGTERM and SIGHUP are only remembered; a second one ends us at once. */
void remember_signals();

/* The signal that came, or 0. */
int interrupted();

} // namespace bench

#endif
