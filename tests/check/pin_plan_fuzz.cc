/* Plans of any bytes (libFuzzer). SPDX-License-Identifier: GPL-2.0-or-later */
#include "checked_guest.h"

#include <cstdint>

using qemu_pin::plan_from_json;

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
  const auto plan = plan_from_json(std::string(bytes, bytes + size));
  if (!plan) {
    require_line(plan.error().message);
    return 0;
  }
  check_guest(qemu_pin::described(*plan));
  const std::string text = to_json(*plan);
  const auto again = plan_from_json(text);
  require(again && to_json(*again) == text, "a plan that was read can be written and read again");
  return 0;
}
