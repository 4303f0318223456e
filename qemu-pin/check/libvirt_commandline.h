/*
 * <qemu:commandline>: options that libvirt hands to QEMU after its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_LIBVIRT_COMMANDLINE_H
#define QEMU_PIN_LIBVIRT_COMMANDLINE_H

#include "check/guest_description.h"
#include "check/smp_option.h"

#include <pugixml.hpp>

namespace qemu_pin {

/* Adds to what the rest of the domain says. smp: the -smp that libvirt writes itself. Where both
 * pin a thread libvirt's pin stays, and a note says so. */
void read_libvirt_commandline(const pugi::xml_node &domain, const SmpOption &smp,
                              GuestDescription &guest);

} // namespace qemu_pin

#endif
