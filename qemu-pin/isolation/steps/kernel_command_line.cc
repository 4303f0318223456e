/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isolation/steps/kernel_command_line.h"

#include "base/number.h"

#include <algorithm>
#include <cctype>

namespace qemu_pin {

namespace {

bool is_blank(char letter) {
  return std::isspace(static_cast<unsigned char>(letter)) != 0;
}

BootOption read_option(std::string_view text) {
  BootOption option;
  option.text = text;
  const bool is_quoted = text.starts_with('"');
  if (is_quoted)
    text.remove_prefix(1);
  const std::size_t equals = text.find('=', 1);
  const bool has_value = equals != std::string_view::npos;
  option.name = text.substr(0, has_value ? equals : text.size());
  std::string &last = has_value ? option.value.emplace(text.substr(equals + 1)) : option.name;
  const bool value_is_quoted = has_value && last.starts_with('"');
  if (value_is_quoted)
    last.erase(0, 1);
  if ((is_quoted || value_is_quoted) && last.ends_with('"'))
    last.pop_back();
  std::replace(option.name.begin(), option.name.end(), '-', '_');
  return option;
}

/* "2", "N", "2-7", "0-N:1/2", "all" */
bool add_region(std::string_view region, const CpuSet &possible, CpuSet &cpus) {
  const unsigned last = possible.empty() ? 0 : possible.last();
  const auto cpu = [&](std::string_view text) {
    return text == "N" ? std::optional(last) : number<unsigned>(text);
  };
  unsigned used = 1, group = 1;
  if (const std::size_t colon = region.find(':'); colon != std::string_view::npos) {
    const std::string_view pattern = region.substr(colon + 1);
    const std::size_t slash = pattern.find('/');
    const auto first = cpu(pattern.substr(0, slash));
    const auto second =
        slash == std::string_view::npos ? std::nullopt : cpu(pattern.substr(slash + 1));
    if (!first || !second || *second == 0 || *first > *second)
      return false;
    used = *first;
    group = *second;
    region = region.substr(0, colon);
  }
  const std::size_t dash = region.find('-');
  const bool is_all = region == "all";
  const auto begin = is_all ? std::optional(0U) : cpu(region.substr(0, dash));
  const auto end = is_all                           ? std::optional(last)
                   : dash == std::string_view::npos ? begin
                                                    : cpu(region.substr(dash + 1));
  if (!begin || !end || *begin > *end || *end > last)
    return false;
  for (unsigned one = *begin; one <= *end; ++one)
    if ((one - *begin) % group < used)
      cpus.insert(one);
  return true;
}

} // namespace

std::vector<BootOption> boot_options(std::string_view command_line) {
  std::vector<BootOption> options;
  for (std::size_t at = 0; at < command_line.size();) {
    if (is_blank(command_line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    for (bool in_quotes = false;
         end < command_line.size() && (in_quotes || !is_blank(command_line[end])); ++end)
      in_quotes ^= command_line[end] == '"';
    const std::string_view text = command_line.substr(at, end - at);
    if (text == "--")
      break;
    options.push_back(read_option(text));
    at = end;
  }
  return options;
}

std::optional<CpuSet> boot_cpu_list(std::string_view list, const CpuSet &possible) {
  CpuSet cpus;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (end > at && !add_region(list.substr(at, end - at), possible, cpus))
      return std::nullopt;
    at = end + 1;
  }
  return cpus;
}

Isolcpus read_isolcpus(const std::vector<BootOption> &options, const CpuSet &possible) {
  Isolcpus found;
  const auto contradicts = [](const CpuSet &former, const CpuSet &cpus) {
    return !former.empty() && former != cpus;
  };
  for (const BootOption &option : options) {
    if (option.name != "isolcpus" || !option.value)
      continue;
    found.texts.push_back(option.text);
    std::string_view rest = *option.value;
    bool nohz = false, domain = false, managed_irq = false;
    while (!rest.empty() && std::isalpha(static_cast<unsigned char>(rest.front()))) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view flag = rest.substr(0, end);
      nohz |= flag == "nohz";
      domain |= flag == "domain";
      managed_irq |= flag == "managed_irq"; /* what it does not know it skips */
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    domain |= !nohz && !managed_irq;
    const auto cpus = boot_cpu_list(rest, possible);
    if (!cpus || (domain && contradicts(found.domain, *cpus)) ||
        (managed_irq && contradicts(found.managed_irq, *cpus)))
      continue;
    if (domain)
      found.domain = *cpus;
    if (managed_irq)
      found.managed_irq = *cpus;
    found.has_nohz |= nohz;
  }
  return found;
}

} // namespace qemu_pin
