/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/show_json.h"

#include "base/json.h"

namespace qemu_pin {

using nlohmann::ordered_json;

namespace {

ordered_json thread_json(const ThreadRow &row) {
  ordered_json thread = {{"role", role_name(row.thread.role)}};
  if (row.thread.role == Role::vcpu)
    thread["vcpus"] = row.thread.vcpus;
  if (row.thread.role == Role::iothread)
    thread["iothread"] = row.thread.iothread;
  thread["id"] = row.thread.id;
  thread["name"] = row.thread.name;
  thread["cpus"] = row.cpus;
  thread["cpu"] = row.thread.processor;
  thread["policy"] = vcpupin_policy_name(row.sched.policy);
  thread["priority"] = row.sched.priority;
  if (!row.counts)
    return thread;
  thread["over_ns"] = row.counts->over.count();
  thread["run_ns"] = row.counts->run_ns;
  thread["wait_ns"] = row.counts->wait_ns;
  if (row.counts->migrations)
    thread["migrations"] = *row.counts->migrations;
  if (row.counts->involuntary)
    thread["involuntary"] = *row.counts->involuntary;
  return thread;
}

} // namespace

std::string show_json(const std::vector<MachineLook> &looks, bool on_one_line) {
  ordered_json document;
  document["qemu-pin-show"] = 1;
  document["machines"] = ordered_json::array();
  for (const MachineLook &look : looks) {
    ordered_json machine = {{"pid", look.process}, {"guest", look.guest}};
    machine["since"] = look.since ? "look" : "beginning";
    machine["threads"] = ordered_json::array();
    for (const ThreadRow &row : look.threads)
      machine["threads"].push_back(thread_json(row));
    document["machines"].push_back(std::move(machine));
  }
  return on_one_line ? json_line(document) + "\n" : json_document(document);
}

} // namespace qemu_pin
