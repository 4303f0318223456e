/*
 * What a file is that was given where another kind is wanted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_TEXT_KIND_H
#define QEMU_PIN_TEXT_KIND_H

#include <string>
#include <string_view>

namespace qemu_pin {

/* A noun for people, "a table of lscpu's"; "" if none fits. Only the beginning is looked at. */
std::string text_kind(std::string_view text);

/* Whether it is a guest's configuration as Proxmox VE keeps it: lines of "KEY: VALUE". */
bool is_proxmox_config(std::string_view text);

} // namespace qemu_pin

#endif
