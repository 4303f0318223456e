/*
 * pin-proof: does this QEMU pin? Starts a small guest with two vCPUs pinned
 * crosswise, asks the kernel which CPUs their threads may run on, and says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "harness/guest.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Result;

namespace {

constexpr int as_asked = 0;
constexpr int not_as_asked = 1;
constexpr int trouble = 2;

constexpr const char *usage = "Usage: pin-proof [--guest FILE] QEMU_BINARY\n";

constexpr const char *help =
    "\n"
    "Starts a small guest with two vCPUs in QEMU_BINARY: vCPU 0 pinned to the second\n"
    "host CPU that this process may use, vCPU 1 to the first. Once guest code runs on\n"
    "both, prints which CPUs their threads may run on, as the kernel tells it.\n"
    "\n"
    "  --guest FILE  firmware image to run, instead of the one built with pin-proof\n"
    "  --help        print this and exit\n"
    "\n"
    "KVM is used where it can be, else TCG.\n"
    "Exit status: 0 pinned as asked, 1 not as asked, 2 usage or trouble.\n";

struct Row {
  pid_t thread;
  std::string asked;
  std::string found;
};

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE})
    sigaddset(&signals, number);
  return signals;
}

/* A signal that should end us, or 0. They are blocked, so that the guest is
 * always ended by its owner. */
int pending_signal() {
  const sigset_t signals = ending_signals();
  const timespec at_once{};
  return std::max(sigtimedwait(&signals, nullptr, &at_once), 0);
}

Result<> wait_for_guest_code(Guest &guest, std::size_t vcpus) {
  for (int tenths = 0; tenths < 600; ++tenths) {
    if (guest.wait_reported(vcpus, 100ms))
      return {};
    if (!guest.running())
      return Error{"QEMU ended: " + guest.errors()};
    if (int number = pending_signal())
      return Error{std::string("ended by ") + strsignal(number)};
  }
  return Error{"guest code ran on " + std::to_string(guest.reported().size()) + " of " +
               std::to_string(vcpus) + " vCPUs after 60 s"};
}

Result<std::vector<Row>> pin_and_look(GuestSpec spec, const std::array<unsigned, 2> &pins) {
  for (unsigned vcpu = 0; vcpu < pins.size(); ++vcpu) {
    spec.more.emplace_back("-vcpu");
    spec.more.push_back(std::to_string(vcpu) + ",affinity=" + std::to_string(pins[vcpu]));
  }
  auto guest = Guest::start(spec);
  if (!guest)
    return guest.error();
  if (auto result = wait_for_guest_code(*guest, pins.size()); !result)
    return result.error();
  auto threads = guest->vcpu_threads();
  if (!threads)
    return threads.error();
  if (threads->size() != pins.size())
    return Error{"QEMU has " + std::to_string(threads->size()) + " vCPUs instead of 2"};

  std::vector<Row> rows;
  for (unsigned vcpu = 0; vcpu < pins.size(); ++vcpu) {
    auto allowed = qemu_pin::Procfs().allowed_cpus(guest->pid(), (*threads)[vcpu]);
    if (!allowed)
      return allowed.error();
    if (!*allowed)
      return Error{"vCPU " + std::to_string(vcpu) + "'s thread has ended: " + guest->errors()};
    rows.push_back({(*threads)[vcpu], std::to_string(pins[vcpu]), (*allowed)->list});
  }
  return rows;
}

int prove(GuestSpec spec) {
  auto cpus = usable_cpus();
  if (!cpus) {
    std::fprintf(stderr, "pin-proof: %s\n", cpus.error().message.c_str());
    return trouble;
  }
  const std::array<unsigned, 2> pins = {cpus->size() > 1 ? (*cpus)[1] : (*cpus)[0], (*cpus)[0]};
  auto no_kvm = why_no_kvm();
  spec.accelerator = no_kvm ? "tcg" : "kvm";

  std::printf("%s, %s\n", spec.qemu.c_str(),
              no_kvm ? ("TCG (no KVM: " + *no_kvm + ")").c_str() : "KVM");
  if (cpus->size() == 1)
    std::printf("Only host CPU %u may be used here: both vCPUs are pinned to it.\n", pins[0]);
  std::fflush(stdout);

  auto rows = pin_and_look(std::move(spec), pins);
  if (!rows) {
    std::fprintf(stderr, "pin-proof: %s\n", rows.error().message.c_str());
    return trouble;
  }
  bool all = true;
  std::printf("vCPU   thread  asked  found  ok\n");
  for (std::size_t vcpu = 0; vcpu < rows->size(); ++vcpu) {
    const Row &row = (*rows)[vcpu];
    bool ok = row.asked == row.found;
    all = all && ok;
    std::printf("%4zu  %7d  %5s  %5s  %s\n", vcpu, row.thread, row.asked.c_str(), row.found.c_str(),
                ok ? "yes" : "NO");
  }
  return all ? as_asked : not_as_asked;
}

} // namespace

int main(int argc, char **argv) {
  GuestSpec spec;
  spec.image = GUEST_IMAGE;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--help") {
      std::printf("%s%s", usage, help);
      return 0;
    }
    if (argument == "--guest" && i + 1 < argc)
      spec.image = argv[++i];
    else if (!argument.starts_with('-') && spec.qemu.empty())
      spec.qemu = argument;
    else
      spec.qemu = "", i = argc;
  }
  if (spec.qemu.empty()) {
    std::fprintf(stderr, "%sTry 'pin-proof --help'.\n", usage);
    return trouble;
  }
  const sigset_t signals = ending_signals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return prove(std::move(spec));
}
