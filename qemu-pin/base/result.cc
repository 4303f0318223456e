/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/result.h"

#include <system_error>

namespace qemu_pin {

Error system_error(const std::string &what, int number) {
  return {what + ": " + std::generic_category().message(number), number};
}

} // namespace qemu_pin
