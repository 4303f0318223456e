/*
 * The C functions: each one line around the C++ it stands for, and the one
 * place where an Error or an exception becomes a return value and a message.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vcpupin.h"

#include "affinity.h"
#include "cpu_list.h"
#include "cpu_set.h"
#include "host.h"
#include "pin_table.h"
#include "process.h"
#include "vcpupin-result.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using vcpupin::CpuSet;
using vcpupin::Error;
using vcpupin::Host;
using vcpupin::Pin;
using vcpupin::PinTable;
using vcpupin::Result;
using vcpupin::Sched;

namespace {

/* NULL stands for memory exhausted, here too if there is none for the copy. */
void report(char **error, const char *message) {
  if (error != nullptr)
    *error = message != nullptr ? strdup(message) : nullptr;
}

/* Runs a body that returns Result<>. */
template <typename Body> bool guard(char **error, Body body) noexcept {
  try {
    const Result<> result = body();
    if (result)
      return true;
    report(error, result.error().message.c_str());
  } catch (const std::bad_alloc &) {
    report(error, nullptr);
  } catch (const std::exception &exception) {
    report(error, exception.what());
  }
  return false;
}

/* Runs a body that returns Result<T>, and gives the T to the caller. */
template <typename T, typename Body> T *give(char **error, Body body) noexcept {
  std::unique_ptr<T> given;
  guard(error, [&]() -> Result<> {
    Result<T> result = body();
    if (!result)
      return result.error();
    given = std::make_unique<T>(std::move(*result));
    return {};
  });
  return given.release();
}

} // namespace

vcpupin_cpus *vcpupin_cpus_parse(const char *list, char **error) {
  return give<CpuSet>(error, [&] { return vcpupin::parse_cpu_list(list); });
}

char *vcpupin_cpus_format(const vcpupin_cpus *cpus) {
  char *list = nullptr;
  guard(nullptr, [&]() -> Result<> {
    list = strdup(vcpupin::format_cpu_list(*cpus).c_str());
    return {};
  });
  return list;
}

vcpupin_cpus *vcpupin_cpus_copy(const vcpupin_cpus *cpus, char **error) {
  return give<CpuSet>(error, [&] { return Result<CpuSet>(*cpus); });
}

vcpupin_cpus *vcpupin_cpus_new(void) {
  return give<CpuSet>(nullptr, [] { return Result<CpuSet>(CpuSet()); });
}

bool vcpupin_cpus_add(vcpupin_cpus *cpus, unsigned cpu, char **error) {
  return guard(error, [&]() -> Result<> {
    if (cpu > VCPUPIN_CPU_MAX)
      return vcpupin::out_of_range(std::to_string(cpu));
    cpus->add(cpu);
    return {};
  });
}

void vcpupin_cpus_remove(vcpupin_cpus *cpus, unsigned cpu) {
  cpus->remove(cpu);
}

bool vcpupin_cpus_add_all(vcpupin_cpus *cpus, const vcpupin_cpus *others, char **error) {
  return guard(error, [&]() -> Result<> {
    cpus->add_all(*others);
    return {};
  });
}

void vcpupin_cpus_remove_all(vcpupin_cpus *cpus, const vcpupin_cpus *others) {
  cpus->remove_all(*others);
}

void vcpupin_cpus_keep(vcpupin_cpus *cpus, const vcpupin_cpus *others) {
  cpus->keep(*others);
}

bool vcpupin_cpus_next(const vcpupin_cpus *cpus, unsigned from, unsigned *cpu) {
  const std::optional<unsigned> next = cpus->next_in(from);
  if (next)
    *cpu = *next;
  return next.has_value();
}

bool vcpupin_cpus_last(const vcpupin_cpus *cpus, unsigned *cpu) {
  if (cpus->empty())
    return false;
  *cpu = cpus->end() - 1;
  return true;
}

size_t vcpupin_cpus_count(const vcpupin_cpus *cpus) {
  return cpus->count();
}

bool vcpupin_cpus_contains(const vcpupin_cpus *cpus, unsigned cpu) {
  return cpus->contains(cpu);
}

bool vcpupin_cpus_contains_all(const vcpupin_cpus *cpus, const vcpupin_cpus *others) {
  return !others->lowest_outside(*cpus);
}

bool vcpupin_cpus_intersects(const vcpupin_cpus *a, const vcpupin_cpus *b) {
  return a->intersects(*b);
}

int vcpupin_cpus_compare(const vcpupin_cpus *a, const vcpupin_cpus *b) {
  return a->compare(*b);
}

bool vcpupin_cpus_equal(const vcpupin_cpus *a, const vcpupin_cpus *b) {
  return *a == *b;
}

void vcpupin_cpus_free(vcpupin_cpus *cpus) {
  delete cpus;
}

vcpupin_cpus *vcpupin_cpus_read_affinity(int thread, char **error) {
  return give<CpuSet>(error, [&] { return vcpupin::read_affinity(thread); });
}

const char *vcpupin_policy_name(int policy) {
  return vcpupin::policy_name(policy);
}

bool vcpupin_sched_parse(const char *policy, const char *priority, vcpupin_sched *sched,
                         char **error) {
  return guard(error, [&]() -> Result<> {
    Result<Sched> parsed = vcpupin::parse_sched(policy, priority, Sched{});
    if (!parsed)
      return parsed.error();
    *sched = *parsed;
    return {};
  });
}

bool vcpupin_sched_read(int thread, vcpupin_sched *sched, char **error) {
  return guard(error, [&]() -> Result<> {
    Result<Sched> found = vcpupin::read_sched(thread);
    if (!found)
      return found.error();
    *sched = *found;
    return {};
  });
}

vcpupin_pin *vcpupin_pin_read(int thread, char **error) {
  return give<Pin>(error, [&] { return vcpupin::read_pin(thread); });
}

vcpupin_pin *vcpupin_pin_new(const vcpupin_cpus *cpus, vcpupin_sched sched) {
  return give<Pin>(nullptr, [&] { return Result<Pin>(Pin{*cpus, Sched{sched}}); });
}

const vcpupin_cpus *vcpupin_pin_cpus(const vcpupin_pin *pin) {
  return &pin->cpus;
}

const vcpupin_sched *vcpupin_pin_sched(const vcpupin_pin *pin) {
  return &pin->sched;
}

bool vcpupin_pin_equal(const vcpupin_pin *a, const vcpupin_pin *b) {
  return *a == *b;
}

void vcpupin_pin_free(vcpupin_pin *pin) {
  delete pin;
}

vcpupin_host *vcpupin_host_read(const char *root, char **error) {
  return give<Host>(
      error, [&] { return root != nullptr ? Host::read_captured(root) : Host::read_live(); });
}

const vcpupin_cpus *vcpupin_host_present(const vcpupin_host *host) {
  return &host->present();
}

const vcpupin_cpus *vcpupin_host_online(const vcpupin_host *host) {
  return &host->online();
}

const vcpupin_cpus *vcpupin_host_allowed(const vcpupin_host *host) {
  return &host->allowed();
}

bool vcpupin_host_check(const vcpupin_host *host, const vcpupin_cpus *cpus, char **error) {
  return guard(error, [&] { return host->check(*cpus); });
}

void vcpupin_host_free(vcpupin_host *host) {
  delete host;
}

vcpupin_table *vcpupin_table_new(const vcpupin_host *host, const vcpupin_pin *start,
                                 unsigned max_vcpus, bool shared_thread) {
  return give<PinTable>(nullptr, [&] {
    return Result<PinTable>({host != nullptr ? std::optional<Host>(*host) : std::nullopt, *start,
                             max_vcpus, shared_thread});
  });
}

bool vcpupin_table_add_vcpu(vcpupin_table *table, const vcpupin_request *request, unsigned *vcpu,
                            char **error) {
  return guard(error, [&]() -> Result<> {
    Result<unsigned> added = table->add_vcpu(*request);
    if (!added)
      return added.error();
    if (vcpu != nullptr)
      *vcpu = *added;
    return {};
  });
}

bool vcpupin_table_add_iothread(vcpupin_table *table, const vcpupin_request *request,
                                char **error) {
  return guard(error, [&] { return table->add_iothread(*request); });
}

bool vcpupin_table_add_emulator(vcpupin_table *table, const vcpupin_request *request,
                                char **error) {
  return guard(error, [&] { return table->add_emulator(*request); });
}

const vcpupin_pin *vcpupin_table_vcpu(const vcpupin_table *table, unsigned vcpu) {
  return table->vcpu(vcpu);
}

const vcpupin_pin *vcpupin_table_iothread(const vcpupin_table *table, const char *id) {
  return table->iothread(id);
}

const vcpupin_pin *vcpupin_table_emulator(const vcpupin_table *table) {
  return table->emulator();
}

char **vcpupin_table_warnings(const vcpupin_table *table) {
  char **warnings = nullptr;
  guard(nullptr, [&]() -> Result<> {
    const std::vector<std::string> lines = table->warnings();
    auto **copies = static_cast<char **>(calloc(lines.size() + 1, sizeof(char *)));
    bool complete = copies != nullptr;
    for (std::size_t i = 0; complete && i < lines.size(); ++i) {
      copies[i] = strdup(lines[i].c_str());
      complete = copies[i] != nullptr;
    }
    if (complete)
      warnings = copies;
    else
      vcpupin_warnings_free(copies);
    return {};
  });
  return warnings;
}

void vcpupin_warnings_free(char **warnings) {
  for (char **warning = warnings; warning != nullptr && *warning != nullptr; ++warning)
    free(*warning);
  free(warnings);
}

void vcpupin_table_free(vcpupin_table *table) {
  delete table;
}

bool vcpupin_apply(int thread, const vcpupin_pin *pin, char **error) {
  return guard(error, [&] { return vcpupin::apply_pin(thread, *pin); });
}

bool vcpupin_apply_cpus(int thread, const vcpupin_cpus *cpus, char **error) {
  return guard(error, [&] { return vcpupin::apply_affinity(thread, *cpus); });
}

bool vcpupin_apply_all(const vcpupin_pin *pin, const int *except, size_t n_except, char **error) {
  return guard(error, [&] {
    return vcpupin::apply_all(pin->cpus, pin->sched, {except, n_except});
  });
}

bool vcpupin_apply_cpus_all(const vcpupin_cpus *cpus, const int *except, size_t n_except,
                            char **error) {
  return guard(error, [&] { return vcpupin::apply_all(*cpus, std::nullopt, {except, n_except}); });
}

bool vcpupin_collect_strays(const vcpupin_pin *emulator, const int *pinned, size_t n_pinned,
                            size_t *moved, char **error) {
  return guard(error, [&]() -> Result<> {
    Result<std::size_t> found = vcpupin::collect_strays(*emulator, {pinned, n_pinned});
    if (!found)
      return found.error();
    if (moved != nullptr)
      *moved = *found;
    return {};
  });
}
