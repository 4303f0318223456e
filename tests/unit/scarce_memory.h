/*
 * An operator new that runs out of memory when told to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_SCARCE_MEMORY_H
#define TESTS_UNIT_SCARCE_MEMORY_H

#include <atomic>

/* How many more allocations succeed, in whatever thread; below zero, all do. */
extern std::atomic<int> allocations_left;

#endif
