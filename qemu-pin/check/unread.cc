/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/unread.h"

#include <algorithm>
#include <string_view>

namespace qemu_pin {

namespace {

bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool follows(const GuestDescription &guest, std::string_view kind) {
  const Unread &unread = guest.unread;
  if (unread.topology && !is_one_of(kind, {"unreadable", "unusable-cpu"}))
    return false;
  if (unread.siblings && is_one_of(kind, {"siblings-apart", "threads-differ", "no-topoext"}))
    return false;
  if ((unread.any_vcpu || !unread.vcpus.empty()) && kind == "unpinned-vcpu")
    return false;
  if (unread.emulator && !guest.emulator && kind == "emulator-on-vcpu")
    return false;
  if (unread.iothreads && is_one_of(kind, {"iothread-on-vcpu", "no-such-iothread"}))
    return false;
  return !unread.cpu_model || kind != "no-topoext";
}

} // namespace

void forget_unread(const GuestDescription &guest, Faults &faults) {
  std::erase_if(faults, [&](const Fault &fault) { return !follows(guest, fault.kind); });
}

} // namespace qemu_pin
