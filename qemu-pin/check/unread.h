/*
 * Which faults do not follow from what a guest is said to be, because a part of it could not be
 * read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_UNREAD_H
#define QEMU_PIN_UNREAD_H

#include "check/faults.h"

namespace qemu_pin {

/* Takes those away. */
void forget_unread(const GuestDescription &guest, Faults &faults);

} // namespace qemu_pin

#endif
