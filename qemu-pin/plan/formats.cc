/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/formats.h"

#include "base/cpu_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace qemu_pin {

namespace {

/* QEMU's parser parts options at commas, so each piece of a list is named anew. */
std::string affinities(const std::string &list) {
  std::string text = ",affinity=";
  for (char c : list)
    text += c == ',' ? ",affinity=" : std::string(1, c);
  return text;
}

std::string qemu(const PinPlan &plan) {
  std::string text = smp_option(plan.topology) + "\n";
  for (unsigned vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    text += vcpu_option(vcpu, plan.vcpus[vcpu]) + "\n";
  if (!plan.emulator.empty())
    text += emulator_option(plan.emulator) + "\n";
  for (const IothreadPin &iothread : plan.iothreads) {
    text += "-object iothread,id=" + iothread.id + "\n";
    if (!iothread.affinity.empty())
      text += iothread_option(iothread.id, iothread.affinity) + "\n";
  }
  return text;
}

/* The elements of <domain> (https://libvirt.org/formatdomain.html) that pins are in. */
std::string libvirt(const PinPlan &plan) {
  std::string text = fmt::format("<vcpu placement='static'>{}</vcpu>\n", plan.vcpus.size());
  if (!plan.iothreads.empty())
    text += fmt::format("<iothreads>{}</iothreads>\n", plan.iothreads.size());
  text += "<cputune>\n";
  for (std::size_t vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    text += fmt::format("  <vcpupin vcpu='{}' cpuset='{}'/>\n", vcpu, plan.vcpus[vcpu]);
  if (!plan.emulator.empty())
    text += fmt::format("  <emulatorpin cpuset='{}'/>\n", plan.emulator);
  /* libvirt counts iothreads from 1. */
  for (std::size_t i = 0; i < plan.iothreads.size(); ++i)
    if (!plan.iothreads[i].affinity.empty())
      text += fmt::format("  <iothreadpin iothread='{}' cpuset='{}'/>\n", i + 1,
                          plan.iothreads[i].affinity);
  text += "</cputune>\n<cpu mode='host-passthrough'>\n";
  text += fmt::format("  <topology sockets='{}' dies='1' cores='{}' threads='{}'/>\n",
                      plan.topology.sockets, plan.topology.cores, plan.topology.threads);
  if (plan.topoext)
    text += "  <feature policy='require' name='topoext'/>\n";
  return text + "</cpu>\n";
}

/* --cpus as in Cloud Hypervisor's docs/cpu.md: topology is threads per core, cores
 * per die, dies per package, packages. */
std::string cloud_hypervisor(const PinPlan &plan) {
  std::vector<std::string> pins;
  for (std::size_t vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    pins.push_back(fmt::format("{}@[{}]", vcpu, plan.vcpus[vcpu]));
  return fmt::format("--cpus boot={},topology={}:{}:1:{},affinity=[{}]\n", plan.vcpus.size(),
                     plan.topology.threads, plan.topology.cores, plan.topology.sockets,
                     fmt::join(pins, ","));
}

std::string crosvm(const PinPlan &plan) {
  std::vector<std::string> pins;
  for (std::size_t vcpu = 0; vcpu < plan.vcpus.size(); ++vcpu)
    pins.push_back(fmt::format("{}={}", vcpu, plan.vcpus[vcpu]));
  return fmt::format("--cpus {}\n{}--cpu-affinity {}\n", plan.vcpus.size(),
                     plan.topology.threads == 1 ? "--no-smt\n" : "", fmt::join(pins, ":"));
}

} // namespace

std::string smp_option(const GuestTopology &topology) {
  return fmt::format("-smp {},sockets={},cores={},threads={}", topology.cpus, topology.sockets,
                     topology.cores, topology.threads);
}

std::string vcpu_option(unsigned vcpu, const std::string &cpus) {
  return fmt::format("-vcpu vcpunum={}{}", vcpu, affinities(cpus));
}

std::string emulator_option(const std::string &cpus) {
  return "-emulatorpin " + affinities(cpus).substr(1);
}

std::string iothread_option(const std::string &id, const std::string &cpus) {
  return "-iothreadpin " + id + affinities(cpus);
}

std::string in_format(const PinPlan &plan, Format format) {
  switch (format) {
  case Format::qemu:
    return qemu(plan);
  case Format::json:
    return to_json(plan);
  case Format::libvirt:
    return libvirt(plan);
  case Format::cloud_hypervisor:
    return cloud_hypervisor(plan);
  case Format::crosvm:
    return crosvm(plan);
  }
  return "";
}

std::vector<std::string> unsaid(const PinPlan &plan, Format format) {
  std::vector<std::string> lines;
  const bool is_rust = format == Format::cloud_hypervisor || format == Format::crosvm;
  if (format == Format::libvirt)
    for (std::size_t i = 0; i < plan.iothreads.size(); ++i)
      lines.push_back(fmt::format("{} is iothread {} to libvirt{}", plan.iothreads[i].id, i + 1,
                                  plan.disks.empty() ? "" : ": <driver iothread='...'> of a disk"));
  const char *name = format == Format::crosvm ? "crosvm" : "Cloud Hypervisor";
  if (is_rust && !plan.emulator.empty())
    lines.push_back(fmt::format("{} pins vCPUs only: start it under taskset --cpu-list {} to keep "
                                "its other threads off the guest's CPUs",
                                name, plan.emulator));
  if (is_rust && !plan.iothreads.empty())
    lines.push_back(fmt::format("{} has no iothreads to pin", name));
  if (format == Format::crosvm && plan.topology.threads > 2)
    lines.push_back("crosvm knows cores of one thread or two");
  if (format == Format::crosvm && plan.topology.sockets > 1)
    lines.push_back("crosvm gives its guests one socket");
  return lines;
}

} // namespace qemu_pin
