/*
 * A stock QEMU that was started with -S and a private monitor, from its first sign of
 * life until its guest may run.
 *
 * Each step fails with a message and leaves a guest that has not run; whether QEMU has
 * ended by itself meanwhile is for the caller to see.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QEMU_PIN_PINNED_START_H
#define QEMU_PIN_PINNED_START_H

#include "machine/machine.h"
#include "pins/asked_pins.h"
#include "pins/pin_options.h"
#include "run/supervisor.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qemu_pin {

struct PinnedStartRequest {
  std::vector<PinOption> pins; /* as typed */
  AskedPins asked;             /* the same, read */
  bool preconfig = false;      /* -preconfig: the user's own monitor builds the machine */
  bool paused = false;         /* -S: the user will let it run */
  bool daemonize = false;      /* -daemonize: the child is not QEMU */
  std::chrono::milliseconds timeout{};
  bool quiet = false; /* says nothing while it waits */
};

class PinnedStart {
public:
  /* monitor: our end, to which nobody has spoken yet. */
  PinnedStart(const Host &host, PinnedStartRequest request, Supervisor &supervisor, Fd monitor)
      : host_(host), request_(std::move(request)), supervisor_(supervisor),
        socket_(std::move(monitor)) {}

  /* Until QEMU answers. */
  Result<> greet();
  /* While -preconfig lasts, however long that is; at once without it. */
  Result<> wait_for_machine();
  /* Gives every thread its pin and checks that. A vCPU that may be plugged later waits. */
  Result<> pin();
  /* Lets the guest run, unless the user said -S. */
  Result<> let_run();

  /* Once it is pinned. */
  Machine &machine() { return *machine_; }
  /* Pins of vCPUs that are not plugged yet. */
  const std::map<unsigned, AskedPin> &later() const { return later_; }

  /* Ends a QEMU whose guest has not run, in good order if it still answers, for it has
   * files to remove. The child is not ended if it does not end with QEMU. */
  void end_qemu();

  /* QEMU's end stays, with nobody at the other. */
  void close_monitor() { machine_.reset(); }

private:
  std::string typed_vcpu(unsigned vcpu) const;
  std::string typed_iothread(const std::string &id) const;
  void say(const std::string &text) const;
  Result<> open_machine();
  Result<AskedPins> asked_of_those_there();
  Result<> check_shared_threads(const std::map<unsigned, pid_t> &threads) const;

  const Host &host_;
  PinnedStartRequest request_;
  Supervisor &supervisor_;
  Fd socket_; /* the monitor's, until somebody has spoken on it */
  std::optional<Qmp> greeted_;
  std::optional<Machine> machine_; /* has the monitor once it is there */
  std::map<unsigned, AskedPin> later_;
};

} // namespace qemu_pin

#endif
