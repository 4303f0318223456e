/*
 * Looks at machines' threads as JSON, after docs/show.schema.json.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_SHOW_JSON_H
#define QEMU_PIN_SHOW_JSON_H

#include "observe/thread_looks.h"

#include <string>
#include <vector>

namespace qemu_pin {

/* One document and a newline; on one line, or indented. What a thread is called need not
 * be UTF-8: bytes that are not become U+FFFD. */
std::string show_json(const std::vector<MachineLook> &looks, bool on_one_line);

} // namespace qemu_pin

#endif
