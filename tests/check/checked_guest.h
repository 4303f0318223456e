/*
 * What the fuzzers of check's readers have in common: whatever was read is checked, and each
 * message is one line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHECKED_GUEST_H
#define CHECKED_GUEST_H

#include "check/guest_description.h"

#include <string>

/* Ends the process when it does not hold. */
void require(bool property, const char *name);

void require_line(const std::string &message);

/* Finds the guest's faults on a host of 16 CPUs. */
void check_guest(const qemu_pin::GuestDescription &guest);

#endif
