/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/result.h"

#include <system_error>

namespace qemu_pin {

Error system_error(const std::string &what, int number) {
  return Error{what + ": " + std::generic_category().message(number)};
}

} // namespace qemu_pin
