/*
 * An isolation that lasts as long as a guest: CPUs are taken from the host for a process of
 * ours and what it starts, and given back when none of those is left, whoever is killed.
 *
 * A second process of ours waits for the first to end, in a session of its own: if it was
 * killed before it had given the CPUs back, or has left a guest in the background, the
 * second does that, once the guest's control group is empty. It needs no systemd, and
 * nothing that has to be installed. If both are killed, qemu-pin restore does it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_GUEST_ISOLATION_H
#define QEMU_PIN_GUEST_ISOLATION_H

#include "isolation/isolation.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

class GuestIsolation {
public:
  /* Isolates, and puts this process, which has one thread, into the guest's group. Lines of
   * what was done go to tell. Fails with everything as it was before. */
  static Result<GuestIsolation> begin(const Host &host, IsolationRequest request,
                                      const std::vector<Step> &steps,
                                      const std::function<void(const StepReport &)> &tell);

  GuestIsolation(GuestIsolation &&other) noexcept;
  GuestIsolation &operator=(GuestIsolation &&) = delete;
  GuestIsolation(const GuestIsolation &) = delete;
  /* Gives the CPUs back, unless a guest is left in the group. */
  ~GuestIsolation();

  /* The same, where a destructor would not run; what is left alone, or failed, as lines. */
  std::vector<std::string> end();

private:
  GuestIsolation(Host host, IsolationId id, std::string group)
      : host_(std::move(host)), id_(std::move(id)), group_(std::move(group)) {}

  Host host_;
  IsolationId id_;
  std::string group_;
  bool is_over_ = false;
};

} // namespace qemu_pin

#endif
