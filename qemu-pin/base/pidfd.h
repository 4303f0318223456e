/*
 * <sys/pidfd.h> for C++, which glibc 2.36 has for C only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PIDFD_H
#define QEMU_PIN_PIDFD_H

extern "C" {
#include <sys/pidfd.h>
}

#endif
