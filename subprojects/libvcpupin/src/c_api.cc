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
#include "result.h"

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

using vcpupin::CpuSet;
using vcpupin::Error;
using vcpupin::Host;
using vcpupin::PinTable;
using vcpupin::Result;

namespace {

/* NULL stands for memory exhausted, here too if there is none for the copy. */
void report(char **error, const char *message) {
  if (error != nullptr)
    *error = message != nullptr ? strdup(message) : nullptr;
}

/* Runs a body that returns std::optional<Error>. */
template <typename Body> bool guard(char **error, Body body) noexcept {
  try {
    const std::optional<Error> failure = body();
    if (!failure)
      return true;
    report(error, failure->message.c_str());
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
  guard(error, [&]() -> std::optional<Error> {
    Result<T> result = body();
    if (!result)
      return result.error();
    given = std::make_unique<T>(std::move(*result));
    return std::nullopt;
  });
  return given.release();
}

} // namespace

vcpupin_cpus *vcpupin_cpus_parse(const char *list, char **error) {
  return give<CpuSet>(error, [&] { return vcpupin::parse_cpu_list(list); });
}

char *vcpupin_cpus_format(const vcpupin_cpus *cpus) {
  char *list = nullptr;
  guard(nullptr, [&]() -> std::optional<Error> {
    list = strdup(vcpupin::format_cpu_list(*cpus).c_str());
    return std::nullopt;
  });
  return list;
}

vcpupin_cpus *vcpupin_cpus_copy(const vcpupin_cpus *cpus, char **error) {
  return give<CpuSet>(error, [&] { return Result<CpuSet>(*cpus); });
}

size_t vcpupin_cpus_count(const vcpupin_cpus *cpus) {
  return cpus->count();
}

bool vcpupin_cpus_contains(const vcpupin_cpus *cpus, unsigned cpu) {
  return cpus->contains(cpu);
}

bool vcpupin_cpus_equal(const vcpupin_cpus *a, const vcpupin_cpus *b) {
  return *a == *b;
}

void vcpupin_cpus_free(vcpupin_cpus *cpus) {
  delete cpus;
}

vcpupin_cpus *vcpupin_cpus_read_affinity(char **error) {
  return give<CpuSet>(error, [] { return vcpupin::read_affinity(); });
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

vcpupin_table *vcpupin_table_new(const vcpupin_host *host, unsigned max_vcpus, bool shared_thread) {
  return give<PinTable>(nullptr, [&] {
    return Result<PinTable>({*host, max_vcpus, shared_thread});
  });
}

bool vcpupin_table_add_vcpu(vcpupin_table *table, const char *vcpunum, const char *const *affinity,
                            size_t n_affinity, unsigned *vcpu, char **error) {
  return guard(error, [&]() -> std::optional<Error> {
    Result<unsigned> added = table->add_vcpu(vcpunum, {affinity, n_affinity});
    if (!added)
      return added.error();
    if (vcpu != nullptr)
      *vcpu = *added;
    return std::nullopt;
  });
}

const vcpupin_cpus *vcpupin_table_vcpu(const vcpupin_table *table, unsigned vcpu) {
  return table->find(vcpu);
}

void vcpupin_table_free(vcpupin_table *table) {
  delete table;
}

bool vcpupin_apply(const vcpupin_cpus *cpus, char **error) {
  return guard(error, [&] { return vcpupin::pin_this_thread(*cpus); });
}
