/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/pinned_start.h"

#include "base/json.h"

#include "base/number.h"
#include "machine/drift.h"
#include "machine/repin.h"

#include <algorithm>
#include <fmt/core.h>
#include <sys/socket.h>

namespace qemu_pin {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Event = Supervisor::Event;

namespace {

/* Whoever waits longer than this is told for what. */
constexpr auto silence = 2s;
/* How long QEMU may take to end in good order. */
constexpr auto patience = 2s;

/* How many vCPUs the machine can have, plugged or not; nothing if it does not tell. */
std::optional<unsigned> most_vcpus(Qmp &monitor) {
  auto slots = monitor.execute("query-hotpluggable-cpus");
  if (!slots || !slots->is_array())
    return std::nullopt;
  unsigned count = 0;
  for (const auto &slot : *slots) {
    if (!slot.is_object() || !slot.contains("vcpus-count") ||
        !slot["vcpus-count"].is_number_unsigned())
      return std::nullopt;
    count += slot["vcpus-count"].get<unsigned>();
  }
  return count;
}

} // namespace

/* "-vcpu 0,affinity=1" */
std::string PinnedStart::typed_vcpu(unsigned vcpu) const {
  for (const PinOption &pin : request_.pins)
    if (pin.option == "-vcpu" && number<unsigned>(pin.name) == vcpu)
      return pin.text();
  return "-vcpu";
}

std::string PinnedStart::typed_iothread(const std::string &id) const {
  for (const PinOption &pin : request_.pins)
    if (pin.option == "-iothreadpin" && pin.name == id)
      return pin.text();
  return "-iothreadpin";
}

void PinnedStart::say(const std::string &text) const {
  if (!request_.quiet)
    fmt::print(stderr, "qemu-pin: {}\n", text);
}

Result<> PinnedStart::greet() {
  const auto start = Clock::now();
  const auto deadline = start + request_.timeout;
  for (bool is_told = false;;) {
    const Event event = supervisor_.wait(
        socket_.number(),
        is_told ? deadline : std::min<Clock::time_point>(deadline, start + silence));
    if (event == Event::child_ended)
      return Error{"QEMU has ended"};
    if (event == Event::readable)
      break;
    if (Clock::now() >= deadline)
      return Error{fmt::format("QEMU did not answer within {} s", request_.timeout / 1s)};
    say("waiting for QEMU to answer");
    is_told = true;
  }
  auto monitor = Qmp::negotiate(std::move(socket_), request_.timeout);
  if (!monitor)
    return monitor.error();
  greeted_.emplace(std::move(*monitor));
  return {};
}

Result<> PinnedStart::wait_for_machine() {
  const auto start = Clock::now();
  bool is_told = false;
  /* There are no vCPUs to be told of before. */
  while (request_.preconfig && !greeted_->execute("query-cpus-fast")) {
    if (auto status = greeted_->execute("query-status"); !status)
      return status.error();
    if (!is_told && Clock::now() - start >= silence) {
      say("waiting for the machine to be configured (-preconfig)");
      is_told = true;
    }
    if (supervisor_.wait(-1, Clock::now() + 100ms) == Event::child_ended)
      return Error{"QEMU has ended"};
  }
  return {};
}

/* The child may be a script that starts QEMU, or a daemon's first process: QEMU is who
 * has the threads that it tells of. */
Result<> PinnedStart::open_machine() {
  auto vcpus = vcpu_threads(*greeted_);
  if (!vcpus)
    return vcpus.error();
  auto iothreads = iothread_threads(*greeted_);
  if (!iothreads)
    return iothreads.error();
  std::optional<pid_t> id;
  if (!vcpus->empty() || !iothreads->empty()) {
    auto process = host_.procfs().process_of(vcpus->empty() ? iothreads->begin()->second
                                                            : vcpus->begin()->second);
    if (!process)
      return process.error();
    id = *process;
  } else if (!request_.daemonize) {
    id = supervisor_.child().id();
  }
  if (!id)
    return Error{"QEMU does not tell which process it is"};
  auto process = QemuProcess::open(host_, *id);
  if (!process)
    return process.error();
  machine_.emplace(std::move(*process), std::move(greeted_));
  greeted_.reset();
  return {};
}

Result<> PinnedStart::check_shared_threads(const std::map<unsigned, pid_t> &threads) const {
  std::map<pid_t, unsigned> first;
  for (const auto &[vcpu, pin] : request_.asked.vcpus) {
    const auto thread = threads.find(vcpu);
    if (thread == threads.end())
      continue;
    const unsigned other = first.emplace(thread->second, vcpu).first->second;
    const AskedPin &others = request_.asked.vcpus.at(other);
    if (pin.cpus != others.cpus || pin.sched != others.sched)
      return Error{fmt::format("{}: vCPU {} cannot have this pin: all vCPUs share one thread, and "
                               "vCPU {} has another ({})",
                               typed_vcpu(vcpu), vcpu, other, typed_vcpu(other))};
  }
  return {};
}

/* The others become later_. Fails on those that will never be there. */
Result<AskedPins> PinnedStart::asked_of_those_there() {
  auto vcpus = vcpu_threads(*machine_->monitor());
  if (!vcpus)
    return vcpus.error();
  auto iothreads = iothread_threads(*machine_->monitor());
  if (!iothreads)
    return iothreads.error();
  if (auto result = check_shared_threads(*vcpus); !result)
    return result.error();
  PinRequests possible(
      most_vcpus(*machine_->monitor()).value_or(static_cast<unsigned>(vcpus->size())));
  for (const PinOption &pin : request_.pins)
    if (auto result = possible.add(pin); !result)
      return result.error();
  AskedPins there = request_.asked;
  for (const auto &[vcpu, pin] : request_.asked.vcpus) {
    if (vcpus->contains(vcpu))
      continue;
    later_[vcpu] = pin;
    there.vcpus.erase(vcpu);
  }
  for (const auto &[id, pin] : request_.asked.iothreads)
    if (!iothreads->contains(id))
      return Error{typed_iothread(id) + ": there is no iothread '" + id + "'"};
  return there;
}

Result<> PinnedStart::pin() {
  if (auto result = open_machine(); !result)
    return result.error();
  auto asked = asked_of_those_there();
  if (!asked)
    return asked.error();
  if (auto changed = repin(*machine_, *asked); !changed)
    return changed.error();
  auto drifts = find_drifts(*machine_, *asked);
  if (!drifts)
    return drifts.error();
  if (!drifts->empty())
    return Error{drifts->front().text()};
  return {};
}

Result<> PinnedStart::let_run() {
  if (request_.paused)
    return {};
  if (auto running = machine_->monitor()->execute("cont"); !running)
    return running.error();
  return {};
}

void PinnedStart::end_qemu() {
  Qmp *monitor = machine_ ? machine_->monitor() : greeted_ ? &*greeted_ : nullptr;
  const bool is_quitting = monitor && monitor->execute("quit");
  const auto deadline = Clock::now() + patience;
  while (is_quitting && Clock::now() < deadline &&
         supervisor_.wait(-1, deadline) != Event::child_ended)
    ;
  if (machine_)
    (void)machine_->process().signal(SIGKILL); /* it may have ended */
}

} // namespace qemu_pin
