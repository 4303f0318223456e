/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cpu_set.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <new>
#include <stdexcept>

namespace qemu_pin {

CpuSet::CpuSet(const CpuSet &other) {
  if (other.cpus_)
    *this = copy_of(other.cpus_.get());
}

CpuSet CpuSet::copy_of(const vcpupin_cpus *cpus) {
  CpuSet copy(vcpupin_cpus_copy(cpus, nullptr));
  if (!copy.cpus_)
    throw std::bad_alloc();
  return copy;
}

const vcpupin_cpus *CpuSet::get() const {
  static const CpuSet none = [] {
    CpuSet set;
    set.changed();
    return set;
  }();
  return cpus_ ? cpus_.get() : none.cpus_.get();
}

vcpupin_cpus *CpuSet::changed() {
  if (!cpus_)
    cpus_.reset(vcpupin_cpus_new());
  if (!cpus_)
    throw std::bad_alloc();
  return cpus_.get();
}

unsigned CpuSet::last() const {
  unsigned cpu = 0;
  vcpupin_cpus_last(get(), &cpu);
  return cpu;
}

void CpuSet::insert(unsigned cpu) {
  char *message = nullptr;
  if (vcpupin_cpus_add(changed(), cpu, &message))
    return;
  if (!message)
    throw std::bad_alloc();
  throw std::out_of_range(library_error(message).message);
}

void CpuSet::erase(unsigned cpu) {
  if (cpus_)
    vcpupin_cpus_remove(cpus_.get(), cpu);
}

void CpuSet::merge(const CpuSet &others) {
  if (!others.empty() && !vcpupin_cpus_add_all(changed(), others.get(), nullptr))
    throw std::bad_alloc();
}

void CpuSet::keep(const CpuSet &others) {
  if (cpus_)
    vcpupin_cpus_keep(cpus_.get(), others.get());
}

Error library_error(char *message) {
  const std::unique_ptr<char, decltype(&std::free)> owned(message, &std::free);
  return Error{message ? message : "out of memory"};
}

Result<CpuSet> read_cpu_set(const std::string &list) {
  char *message = nullptr;
  vcpupin_cpus *cpus = vcpupin_cpus_parse(list.c_str(), &message);
  if (!cpus)
    return library_error(message);
  return CpuSet(cpus);
}

std::string cpu_list(const CpuSet &cpus) {
  const std::unique_ptr<char, decltype(&std::free)> text(vcpupin_cpus_format(cpus.get()),
                                                         &std::free);
  if (!text)
    throw std::bad_alloc();
  return text.get();
}

std::string cpus_text(const std::string &list) {
  return (list.find_first_of(",-") == std::string::npos ? "CPU " : "CPUs ") + list;
}

std::string cpus_are(const std::string &list) {
  const std::string text = cpus_text(list);
  return text + (text.starts_with("CPUs") ? " are" : " is");
}

/* Digits hold four CPUs each, the last digit the lowest; a comma follows every eighth. */
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
    digits = std::max(digits, cpus.last() / digit_cpus + 1);
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
  CpuSet rest = all;
  if (rest.cpus_)
    vcpupin_cpus_remove_all(rest.cpus_.get(), others.get());
  return rest;
}

} // namespace qemu_pin
