/*
 * How qemu-pin's parts fail: as libvcpupin does inside.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_RESULT_H
#define QEMU_PIN_RESULT_H

#include <functional>
#include <string>
#include <vcpupin-result.h>

namespace qemu_pin {

using vcpupin::Error;
using vcpupin::Result;

/* "what: No such file or directory", for the errno given. */
Error system_error(const std::string &what, int number);

/* Tells the person who called what a function cannot return; gives the exit status that
 * belongs to it. */
using Report = std::function<int(const std::string &message)>;

} // namespace qemu_pin

#endif
