/*
 * A whole command line of QEMU's: what starts it, and its options.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "check/guest_description.h"

#include "check/launchers.h"
#include "check/qemu_options.h"
#include "check/shell_words.h"

#include <fmt/format.h>
#include <iterator>

namespace qemu_pin {

namespace {

using Words = std::vector<std::string>;

void append(Words &all, const Words &more) {
  all.insert(all.end(), more.begin(), more.end());
}

void take(GuestDescription &guest, const AskedPins &pins) {
  for (const auto &[vcpu, pin] : pins.vcpus)
    guest.vcpus[vcpu] = pin.cpus;
  for (const auto &[id, pin] : pins.iothreads)
    guest.iothread_pins[id] = pin.cpus;
  if (pins.emulator)
    guest.emulator = pins.emulator->cpus;
}

/* The first command of a script that starts QEMU; a text without such has only options. */
Words qemu_command(const std::string &text, Words &notes) {
  const ShellText script = read_shell(text);
  const Words *first = nullptr;
  std::size_t count = 0;
  for (const Words &command : script.commands)
    if (read_launchers(command).names_qemu && ++count == 1)
      first = &command;
  if (!first && !script.commands.empty())
    first = &script.commands.front();
  if (count > 1)
    notes.push_back(fmt::format("QEMU is started {} times here: the first is checked", count));
  Words found = first ? *first : Words();
  for (const std::string &variable : script.unknown)
    for (const std::string &word : found)
      if (word.find(variable) != std::string::npos) {
        notes.push_back("the value of " + variable + " is not known here");
        break;
      }
  return found;
}

void take_launch(GuestDescription &guest, const Launch &launch) {
  guest.start_set = launch.cpus;
  guest.allowed = launch.allowed;
  guest.start_nodes = launch.nodes;
  guest.unread.start_set = launch.cpus_unknown;
  append(guest.errors, launch.errors);
  append(guest.notes, launch.notes);
}

} // namespace

GuestDescription read_qemu_arguments(const Words &arguments, const ReadFile &read_file) {
  GuestDescription guest;
  guest.topology = {1, 1, 1, 1};
  const bool is_text =
      arguments.size() == 1 && arguments[0].find_first_of(" \n") != std::string::npos;
  const Launch launch =
      read_launchers(is_text ? qemu_command(arguments[0], guest.notes) : arguments);
  Words words = launch.qemu;
  if (!words.empty() && !words[0].starts_with("-"))
    words.erase(words.begin()); /* the program */
  QemuOptions options(read_file);
  options.read(words);
  guest.unread = options.unread();
  append(guest.errors, options.errors());
  append(guest.notes, options.notes());
  take_launch(guest, launch);
  take(guest, options.pins());
  guest.iothreads = options.iothreads();
  options.describe_cpu(guest);

  const auto counts = options.counts();
  if (!counts) {
    guest.unread.topology = true;
    guest.errors.push_back(counts.error().message);
    return guest;
  }
  guest.topology = counts->topology();
  for (unsigned vcpu = counts->present; vcpu < counts->all; ++vcpu)
    guest.absent.insert(vcpu);
  std::optional<GuestMemory> otherwise;
  if (!launch.memory_nodes.empty())
    otherwise = GuestMemory{{}, launch.memory_nodes, launch.memory_strict};
  if (auto described = options.numa().describe(guest, *counts, otherwise); !described)
    guest.errors.push_back(described.error().message);
  return guest;
}

GuestDescription described(const PinPlan &plan) {
  GuestDescription guest;
  guest.topology = plan.topology;
  take(guest, asked_by(plan));
  for (const IothreadPin &iothread : plan.iothreads)
    guest.iothreads.push_back(iothread.id);
  guest.accepted = plan.accepted;
  guest.topoext = true; /* a plan says nothing of the CPU model that it will be used with */
  return guest;
}

} // namespace qemu_pin
