/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cpu_set.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/ranges.h>
#include <iterator>
#include <memory>

namespace qemu_pin {

Result<Cpus> parse_cpus(const std::string &list) {
  char *message = nullptr;
  Cpus cpus(vcpupin_cpus_parse(list.c_str(), &message));
  std::unique_ptr<char, decltype(&std::free)> owned(message, std::free);
  if (!cpus)
    return Error{message ? message : "out of memory"};
  return cpus;
}

Result<CpuSet> read_cpu_set(const std::string &list) {
  auto cpus = parse_cpus(list);
  if (!cpus)
    return cpus.error();
  return cpu_set(cpus->get());
}

CpuSet cpu_set(const vcpupin_cpus *cpus) {
  CpuSet set;
  const std::size_t count = vcpupin_cpus_count(cpus);
  for (unsigned cpu = 0; set.size() < count; ++cpu)
    if (vcpupin_cpus_contains(cpus, cpu))
      set.insert(set.end(), cpu);
  return set;
}

std::string cpu_list(const CpuSet &cpus) {
  if (cpus.empty())
    return "";
  auto parsed = parse_cpus(fmt::format("{}", fmt::join(cpus, ",")));
  if (!parsed)
    return "";
  std::unique_ptr<char, decltype(&std::free)> text(vcpupin_cpus_format(parsed->get()), &std::free);
  return text ? text.get() : "";
}

/* Digits hold four CPUs each, the last digit the lowest; a comma follows every eighth. */
std::string cpus_text(const std::string &list) {
  return (list.find_first_of(",-") == std::string::npos ? "CPU " : "CPUs ") + list;
}

std::string cpus_are(const std::string &list) {
  const std::string text = cpus_text(list);
  return text + (text.starts_with("CPUs") ? " are" : " is");
}

Result<CpuSet> read_cpu_mask(const std::string &mask) {
  constexpr unsigned digit_cpus = 4;
  CpuSet cpus;
  unsigned first = 0;
  for (auto at = mask.rbegin(); at != mask.rend(); ++at) {
    if (*at == ',')
      continue;
    unsigned digit = 0;
    const auto [end, fault] = std::from_chars(&*at, &*at + 1, digit, 16);
    if (fault != std::errc() || end != &*at + 1)
      return Error{"'" + mask + "' is no mask of CPUs"};
    for (unsigned bit = 0; bit < digit_cpus; ++bit)
      if (digit & (1U << bit))
        cpus.insert(first + bit);
    first += digit_cpus;
  }
  if (first == 0)
    return Error{"'" + mask + "' is no mask of CPUs"};
  return cpus;
}

std::string cpu_mask(const CpuSet &cpus, const std::string &like) {
  constexpr unsigned digit_cpus = 4, group = 8;
  auto digits = static_cast<unsigned>(like.size() - std::count(like.begin(), like.end(), ','));
  if (!cpus.empty())
    digits = std::max(digits, *cpus.rbegin() / digit_cpus + 1);
  std::string mask;
  for (unsigned digit = digits; digit-- > 0;) {
    unsigned value = 0;
    for (unsigned bit = 0; bit < digit_cpus; ++bit)
      value |= static_cast<unsigned>(cpus.contains(digit * digit_cpus + bit)) << bit;
    mask += fmt::format("{:x}", value);
    if (digit > 0 && digit % group == 0)
      mask += ',';
  }
  return mask;
}

CpuSet without(const CpuSet &all, const CpuSet &others) {
  CpuSet rest;
  std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

} // namespace qemu_pin
