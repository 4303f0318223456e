/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tail_guest.h"

#include "base/json.h"
#include "interruption.h"
#include "kernel/procfs.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

using namespace std::chrono_literals;
using qemu_pin::Error;
using qemu_pin::Result;
using std::chrono::milliseconds;

namespace bench {

namespace {

using Isolation = TailGuestSpec::Isolation;

constexpr auto patience = 30s;

/* "" or that it is not where it should be, by the kernel. */
std::string stray(const std::string &who, pid_t thread, const std::vector<unsigned> &expected) {
  auto allowed = qemu_pin::Procfs().allowed_cpus(thread, thread);
  if (!allowed || !*allowed)
    return who + " is gone";
  if ((*allowed)->cpus == qemu_pin::CpuSet(expected.begin(), expected.end()))
    return "";
  return fmt::format("{} may run on CPUs {}, not {}", who, (*allowed)->list, list_text(expected));
}

Result<> sleep(milliseconds time) {
  constexpr milliseconds slice = 100ms;
  for (; time > 0ms && !interrupted(); time -= slice)
    std::this_thread::sleep_for(std::min(time, slice));
  if (interrupted())
    return Error{"interrupted"};
  return {};
}

/* QEMU's other threads are kept off the vCPU's CPU in all arms that pin. */
std::vector<std::string> pin_options(const TailGuestSpec &spec) {
  std::string emulator;
  for (const unsigned cpu : spec.rest)
    emulator.append(emulator.empty() ? "affinity=" : ",affinity=").append(std::to_string(cpu));
  return {"-vcpu", "0,affinity=" + list_text(spec.guest), "-emulatorpin", emulator};
}

} // namespace

Result<> run_program(const std::vector<std::string> &argv) {
  auto child = Child::start({argv, "", ""});
  if (!child)
    return child.error();
  if (child->wait(patience) == 0)
    return {};
  std::string line;
  for (const std::string &word : argv)
    line.append(line.empty() ? "" : " ").append(word);
  return Error{line + " failed"};
}

Restorer::~Restorer() {
  if (!done_)
    (void)run_program({qemu_pin_, "restore", cpus_}); /* it says what is wrong */
}

Result<GapRecord::Gaps> TailGuest::run() {
  auto hogs = Hogs::start(spec_.hogs ? static_cast<unsigned>(spec_.usable.size()) : 0);
  if (!hogs)
    return hogs.error();
  hogs_.emplace(std::move(*hogs));
  auto record = GapRecord::make();
  if (!record)
    return record.error();
  auto guest = start(*record);
  if (!guest)
    return guest.error();
  auto gaps = watch(*record, *guest);
  auto ended = end(*guest); /* also when watching has failed */
  if (gaps && !ended)
    return ended.error();
  return gaps;
}

Result<Guest> TailGuest::start(const GapRecord &record) {
  GuestSpec guest{spec_.qemu, spec_.accelerator, spec_.image, "1", record.options()};
  if (spec_.pinned && spec_.isolation != Isolation::by_hand)
    for (const std::string &word : pin_options(spec_))
      guest.more.push_back(word);
  if (spec_.isolation == Isolation::by_qemu_pin) {
    restorer_.emplace(spec_.qemu_pin, list_text(spec_.guest));
    guest.prefix = {spec_.qemu_pin,        "run", "--isolate", "--quiet", "--only",
                    "cpuset,irq,kthreads", "--"};
  }
  if (spec_.isolation == Isolation::by_hand) {
    auto held = HeldCpus::hold(spec_.guest, spec_.rest);
    if (!held)
      return held.error();
    held_.emplace(std::move(*held));
    guest.cgroup = HeldCpus::guest_group();
  }
  return Guest::start(guest);
}

Result<> TailGuest::pin_by_hand(pid_t process, pid_t vcpu) const {
  const std::string rest = list_text(spec_.rest);
  if (auto result = run_program({"taskset", "-a", "-c", "-p", rest, std::to_string(process)});
      !result)
    return result.error();
  return run_program({"taskset", "-c", "-p", list_text(spec_.guest), std::to_string(vcpu)});
}

Result<GapRecord::Gaps> TailGuest::watch(const GapRecord &record, Guest &guest) {
  auto threads = guest.vcpu_threads();
  if (!threads)
    return threads.error();
  if (threads->size() != 1)
    return Error{"QEMU has not one vCPU"};
  const pid_t vcpu = threads->begin()->second;
  if (spec_.isolation == Isolation::by_hand)
    if (auto result = pin_by_hand(guest.pid(), vcpu); !result)
      return result.error();
  if (!record.wait_recording(0, patience))
    return Error{"the guest did not begin: " + guest.errors()};
  if (auto result = sleep(spec_.settle); !result)
    return result.error();
  const auto from = record.read(0);
  if (auto result = sleep(spec_.watch); !result)
    return result.error();
  auto gaps = record.since(from);
  if (!gaps)
    return gaps.error();
  /* Afterwards, so that asking disturbs nothing. */
  if (const std::string wrong = what_is_wrong(vcpu); !wrong.empty())
    return Error{wrong};
  return gaps;
}

std::string TailGuest::stray_hog(const std::vector<unsigned> &expected) const {
  for (const pid_t hog : hogs_->ids())
    if (std::string wrong = stray("a hog", hog, expected); !wrong.empty())
      return wrong;
  return "";
}

/* "" or why the repetition was not what the arm says. */
std::string TailGuest::what_is_wrong(pid_t vcpu) {
  if (!hogs_->running())
    return "a hog has ended";
  if (std::string wrong = stray("the vCPU", vcpu, spec_.pinned ? spec_.guest : spec_.usable);
      !wrong.empty())
    return wrong;
  return stray_hog(spec_.isolation == Isolation::none ? spec_.usable : spec_.rest);
}

/* An isolation ends with its guest, when that ends by itself. */
Result<> TailGuest::end(Guest &guest) {
  if (!restorer_)
    return {};
  if (auto answer = guest.monitor().execute("quit"); !answer)
    return answer.error();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (guest.running()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return Error{"QEMU does not end"};
    std::this_thread::sleep_for(2ms);
  }
  if (const std::string wrong = stray_hog(spec_.usable); !wrong.empty())
    return Error{"qemu-pin has not given the CPUs back: " + wrong};
  restorer_->is_done();
  return {};
}

} // namespace bench
