/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/smp_option.h"

#include "check/guest_description.h"
#include "check/keyval.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace qemu_pin {

namespace {

constexpr std::array<const char *, 10> keys = {"cpus",    "drawers",  "books",   "sockets",
                                               "dies",    "clusters", "modules", "cores",
                                               "threads", "maxcpus"};

} // namespace

GuestTopology SmpCounts::topology() const {
  return {all, drawers * books * sockets * dies * clusters * modules, cores, threads};
}

Result<> SmpOption::add(const std::string &key, const std::string &value) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end())
    return Error{fmt::format("-smp has no '{}' (it has {})", key, fmt::join(keys, ", "))};
  const auto count = qemu_number(value);
  if (!count || *count < 1)
    return Error{fmt::format("{}: '{}' is not a number of at least 1", key, value)};
  if (*count > most_vcpus)
    return Error{fmt::format("{}: {} is more than any machine has ({})", key, value, most_vcpus)};
  given_[key] = static_cast<unsigned>(*count);
  return {};
}

unsigned SmpOption::given(const char *key) const {
  const auto found = given_.find(key);
  return found == given_.end() ? 0 : found->second;
}

/* The order in which what is missing is made up is QEMU's machine_parse_smp_config(). */
Result<SmpCounts> SmpOption::counts(bool prefers_sockets) const {
  const auto or_one = [](unsigned count) { return std::max(count, 1U); };
  SmpCounts made;
  made.drawers = or_one(given("drawers"));
  made.books = or_one(given("books"));
  made.dies = or_one(given("dies"));
  made.clusters = or_one(given("clusters"));
  made.modules = or_one(given("modules"));
  const std::uint64_t groups = std::uint64_t{made.drawers} * made.books;
  const std::uint64_t parts = std::uint64_t{made.dies} * made.clusters * made.modules;
  if (groups > most_vcpus || parts > most_vcpus)
    return Error{fmt::format("its product is more than any machine has ({})", most_vcpus)};
  std::uint64_t sockets = given("sockets"), cores = given("cores"), threads = given("threads");
  const std::uint64_t cpus = given("cpus");
  std::uint64_t all = given("maxcpus") ? given("maxcpus") : cpus;
  const auto rest = [&](std::uint64_t others) { return all ? all / (groups * parts * others) : 1; };
  if (all) {
    if (prefers_sockets ? sockets && !cores : !cores) {
      sockets = std::max<std::uint64_t>(sockets, 1);
      threads = std::max<std::uint64_t>(threads, 1);
      cores = rest(sockets * threads);
    } else if (!sockets) {
      cores = std::max<std::uint64_t>(cores, 1);
      threads = std::max<std::uint64_t>(threads, 1);
      sockets = rest(cores * threads);
    }
    if (!threads)
      threads = rest(sockets * cores);
  }
  sockets = all ? sockets : std::max<std::uint64_t>(sockets, 1);
  cores = all ? cores : std::max<std::uint64_t>(cores, 1);
  threads = all ? threads : std::max<std::uint64_t>(threads, 1);
  /* Each factor is at most most_vcpus: no product of five of them is too large. */
  const std::uint64_t product = groups * parts * sockets * cores * threads;
  all = all ? all : product;
  if (product != all)
    return Error{fmt::format("{} sockets of {} cores with {} threads are not {} vCPUs",
                             groups * parts * sockets, cores, threads, all)};
  if (all > most_vcpus)
    return Error{fmt::format("{} vCPUs are more than any machine has ({})", all, most_vcpus)};
  if (cpus > all)
    return Error{fmt::format("{} vCPUs are more than maxcpus={}", cpus, all)};
  made.sockets = static_cast<unsigned>(sockets);
  made.cores = static_cast<unsigned>(cores);
  made.threads = static_cast<unsigned>(threads);
  made.all = static_cast<unsigned>(all);
  made.present = static_cast<unsigned>(cpus ? cpus : all);
  return made;
}

} // namespace qemu_pin
