/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/libvirt_values.h"

#include "base/number.h"

#include <algorithm>

namespace qemu_pin {

namespace {

constexpr unsigned most_cpu = 16383; /* libvirt's VIR_DOMAIN_CPUMASK_LEN */
constexpr const char *blanks = " \t\n\v\f\r";

std::string trimmed(const std::string &text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos)
    return "";
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<unsigned> cpu_of(const std::string &text, const std::string &piece) {
  const auto cpu = number<unsigned>(text);
  if (!cpu)
    return Error{"'" + piece + "' is not a number, a range or ^number"};
  if (*cpu > most_cpu)
    return Error{"'" + piece + "' is above libvirt's limit (" + std::to_string(most_cpu) + ")"};
  return *cpu;
}

/* N, N-M or ^N, which add to the set or take from it. */
Result<> apply(const std::string &piece, CpuSet &set) {
  const bool removes = piece.starts_with("^");
  const std::string range = removes ? piece.substr(1) : piece;
  const std::size_t dash = removes ? std::string::npos : range.find('-');
  auto first = cpu_of(dash == std::string::npos ? range : trimmed(range.substr(0, dash)), piece);
  auto last = dash == std::string::npos ? first : cpu_of(trimmed(range.substr(dash + 1)), piece);
  if (!first)
    return first.error();
  if (!last)
    return last.error();
  if (*first > *last)
    return Error{"'" + piece + "' ends before it begins"};
  for (unsigned cpu = *first; cpu <= *last; ++cpu) {
    if (removes)
      set.erase(cpu);
    else
      set.insert(cpu);
  }
  return {};
}

} // namespace

std::optional<unsigned> libvirt_number(const std::string &text) {
  std::size_t start = std::min(text.find_first_not_of(blanks), text.size());
  if (start < text.size() && text[start] == '+')
    ++start;
  return number<unsigned>(std::string_view(text).substr(start));
}

Result<CpuSet> libvirt_set(const std::string &text) {
  CpuSet set;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string piece = trimmed(text.substr(at, end - at));
    const bool is_after_last_comma = piece.empty() && end == text.size() && at > 0;
    at = end + 1;
    if (is_after_last_comma)
      break;
    if (auto applied = apply(piece, set); !applied)
      return applied.error();
  }
  if (set.empty())
    return Error{"it names no CPU"};
  return set;
}

} // namespace qemu_pin
