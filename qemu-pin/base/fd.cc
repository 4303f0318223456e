/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd.h"

#include <algorithm>
#include <vector>

namespace qemu_pin {

void close_all_but(std::initializer_list<int> kept) {
  std::vector<int> numbers(kept);
  std::sort(numbers.begin(), numbers.end());
  int next = 0;
  for (const int number : numbers) {
    if (number > next)
      close_range(static_cast<unsigned>(next), static_cast<unsigned>(number) - 1, 0);
    next = std::max(next, number + 1);
  }
  close_range(static_cast<unsigned>(next), ~0U, 0);
}

} // namespace qemu_pin
